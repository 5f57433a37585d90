/** The nodes of all clusters as EC2's instances. */

import type { Ec2Fleet, Ec2Instance } from '../aws/ec2/fleet.ts'
import { LaunchTemplates } from '../aws/ec2/launch-templates.ts'
import { createEc2 } from '../aws/ec2/service.ts'
import type { ClusterSpec, NodegroupSpec } from '../aws/eks/cluster-control.ts'
import type { AwsService } from '../aws/operation.ts'
import { defaultImageId } from '../node/metadata-tree.ts'
import type { Store } from '../store/store.ts'
import { MetadataOptionsTable } from './metadata-options.ts'
import type { NodeRecord, ProfileOf } from './node-record.ts'

/** A node that runs. */
export interface RunningInstance {
  readonly spec: ClusterSpec
  readonly nodegroup: NodegroupSpec
  readonly record: NodeRecord
}

/** What EC2 and the nodes share. */
export interface Fleet {
  readonly metadataOptions: MetadataOptionsTable
  readonly templates: LaunchTemplates
  readonly profileOf: ProfileOf
}

export function fleetOf(store: Store, profileOf: ProfileOf): Fleet {
  return {
    metadataOptions: new MetadataOptionsTable(store),
    templates: new LaunchTemplates(store),
    profileOf,
  }
}

/** The EC2 service over the nodes of all clusters. */
export function openEc2(
  clusters: { instances(): readonly RunningInstance[] },
  { metadataOptions, templates, profileOf }: Fleet,
): AwsService {
  const fleet: Ec2Fleet = {
    instances: () => clusters.instances().map((instance) => show(instance, profileOf)),
    metadataOptions: (instanceId) => metadataOptions.shown(instanceId),
    setMetadataOptions: (instanceId, change) => metadataOptions.set(instanceId, change),
  }
  return createEc2({ fleet, templates })
}

function show({ spec, nodegroup, record }: RunningInstance, profileOf: ProfileOf): Ec2Instance {
  const profile = profileOf(nodegroup.nodeRole)
  return {
    instanceId: record.instanceId,
    instanceType: nodegroup.instanceType,
    imageId: defaultImageId,
    privateIp: record.internalIp,
    privateDnsName: record.name,
    account: spec.account,
    region: spec.region,
    availabilityZone: `${spec.region}a`,
    ...(record.launchedAt === undefined ? {} : { launchedAt: record.launchedAt }),
    ...(profile ? { instanceProfile: profile } : {}),
    tags: {
      'eks:cluster-name': spec.name,
      'eks:nodegroup-name': nodegroup.name,
      'aws:eks:cluster-name': spec.name,
      [`kubernetes.io/cluster/${spec.name}`]: 'owned',
    },
  }
}
