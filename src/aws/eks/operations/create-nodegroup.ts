import type { CreateNodegroupRequest, CreateNodegroupResponse } from '@aws-sdk/client-eks'
import { type Call, type Operation, Refusal } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, passRoleNeed, requestTags } from '../access.ts'
import { newAccessEntry } from '../access-entries.ts'
import type { FindLaunchTemplate } from '../cluster-control.ts'
import { inUse, invalidParameter, invalidRequest } from '../errors.ts'
import { uuid } from '../ids.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { scalingOf, taintsOf, updateConfigOf } from '../nodegroups.ts'
import type { ClusterRecord, NodegroupRecord } from '../records.ts'
import { showNodegroup } from '../shapes.ts'
import type { EksState } from '../state.ts'
import { checkTags } from '../validation.ts'

type Input = Checked<CreateNodegroupRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'provision'>
  roleExists(arn: string): boolean
  readonly launchTemplate?: FindLaunchTemplate | undefined
}

/** Adds nodes to a cluster; their instance metadata hands out the node role. */
export const createNodegroup: Operation<Input, CreateNodegroupResponse, Deps> = {
  name: 'CreateNodegroup',
  access: (input, call) => [
    clusterNeed('CreateNodegroup', call, input.clusterName, requestTags(input.tags)),
    passRoleNeed(input.nodeRole),
  ],
  async handle(input, call, { state, lifecycle, roleExists, launchTemplate }) {
    const { clusterName, nodegroupName: name } = input
    const cluster = state.cluster(keyOf(call, clusterName))
    const subject = { clusterName, nodegroupName: name }
    if (cluster.status !== 'ACTIVE') {
      throw invalidRequest(`Cluster '${clusterName}' is not in ACTIVE status`, subject)
    }
    if (!roleExists(input.nodeRole)) {
      const role = input.nodeRole.slice(input.nodeRole.lastIndexOf('/') + 1)
      throw invalidParameter(`The role with name ${role} cannot be found.`, subject)
    }
    const template = templateOf(input, cluster, launchTemplate)
    const record = { ...newNodegroup(input, cluster, call), ...template }
    if (!(await state.create(cluster, 'nodegroup', name, record))) {
      const existing = state.find(cluster, 'nodegroup', name)
      const token = input.clientRequestToken
      if (existing && token !== undefined && existing.clientRequestToken === token) {
        return { nodegroup: showNodegroup(existing) }
      }
      throw inUse(
        `NodeGroup already exists with name ${name} and cluster name ${clusterName}`,
        subject,
      )
    }
    if (cluster.authenticationMode !== 'CONFIG_MAP') {
      const node = { principalArn: input.nodeRole, type: 'EC2_LINUX' }
      const entry = newAccessEntry(cluster, node, call.at)
      await state.create(cluster, 'access-entry', entry.principalArn, entry)
    }
    await lifecycle.provision(cluster, name)
    return { nodegroup: showNodegroup(record) }
  },
}

/** The launch template that the request names, as it is now. */
function templateOf(
  { launchTemplate: named, clusterName, nodegroupName, diskSize, remoteAccess }: Input,
  cluster: ClusterRecord,
  find: FindLaunchTemplate | undefined,
): Pick<NodegroupRecord, 'launchTemplate'> {
  if (!named) return {}
  const subject = { clusterName, nodegroupName }
  if (diskSize !== undefined) {
    throw invalidParameter('Disk size must be specified within the launch template.', subject)
  }
  if (remoteAccess) {
    throw invalidParameter(
      'Remote access configuration cannot be specified with a launch template.',
      subject,
    )
  }
  try {
    const found = find?.(cluster, named)
    if (!found) throw invalidParameter('Launch templates are not served here.', subject)
    const { id, name, launch } = found
    return { launchTemplate: { id, name, version: '1', launch } }
  } catch (error) {
    if (!(error instanceof Refusal) || !error.code.startsWith('InvalidLaunchTemplate')) throw error
    throw invalidRequest(`Launch template details can't be resolved. ${error.message}`, subject)
  }
}

function newNodegroup(input: Input, cluster: ClusterRecord, call: Call): NodegroupRecord {
  const id = uuid()
  const { account, region } = cluster
  const { clusterName, nodegroupName: name } = input
  return {
    clusterName,
    name,
    arn: `arn:aws:eks:${region}:${account}:nodegroup/${clusterName}/${name}/${id}`,
    createdAt: call.at,
    modifiedAt: call.at,
    status: 'CREATING',
    ...(input.clientRequestToken === undefined
      ? {}
      : { clientRequestToken: input.clientRequestToken }),
    version: input.version ?? cluster.version,
    ...(input.releaseVersion && { releaseVersion: input.releaseVersion }),
    ...(input.remoteAccess && {
      remoteAccess: {
        ...(input.remoteAccess.ec2SshKey && { ec2SshKey: input.remoteAccess.ec2SshKey }),
        sourceSecurityGroups: input.remoteAccess.sourceSecurityGroups ?? [],
      },
    }),
    ...(input.updateConfig && { updateConfig: updateConfigOf(input.updateConfig) }),
    nodeRole: input.nodeRole,
    scaling: scalingOf(input.scalingConfig ?? {}),
    instanceTypes: input.instanceTypes ?? ['t3.medium'],
    subnets: input.subnets,
    amiType: input.amiType ?? 'AL2023_x86_64_STANDARD',
    capacityType: input.capacityType ?? 'ON_DEMAND',
    diskSize: input.diskSize ?? 20,
    labels: input.labels ?? {},
    taints: taintsOf(input.taints ?? []),
    autoScalingGroup: `eks-${name}-${id}`,
    tags: checkTags(input.tags),
  }
}
