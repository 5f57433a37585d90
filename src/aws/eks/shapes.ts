/** Records as the EKS API shows them. Every member that Terraform and eksctl read is there, also where it is a default. */
import type {
  AccessEntry,
  AssociatedAccessPolicy,
  Cluster,
  LogType,
  Nodegroup,
  SupportType,
  Taint,
  Update,
} from '@aws-sdk/client-eks'
import type {
  AccessEntryRecord,
  AssociatedPolicy,
  ClusterRecord,
  NodegroupRecord,
  UpdateRecord,
} from './records.ts'

const logTypes: readonly LogType[] = [
  'api',
  'audit',
  'authenticator',
  'controllerManager',
  'scheduler',
]

/** A cluster; endpoint, CA and issuer only once its API server has answered, as AWS does. */
export function showCluster(record: ClusterRecord): Cluster {
  const { network, addresses } = record
  return {
    name: record.name,
    arn: record.arn,
    createdAt: new Date(record.createdAt),
    version: record.version,
    ...(addresses ? { endpoint: addresses.endpoint } : {}),
    roleArn: record.roleArn,
    resourcesVpcConfig: {
      subnetIds: [...network.subnetIds],
      securityGroupIds: [...network.securityGroupIds],
      clusterSecurityGroupId: network.clusterSecurityGroupId,
      vpcId: network.vpcId,
      endpointPublicAccess: network.endpointPublicAccess,
      endpointPrivateAccess: network.endpointPrivateAccess,
      publicAccessCidrs: [...network.publicAccessCidrs],
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: network.serviceCidr,
      ipFamily: 'ipv4',
      elasticLoadBalancing: { enabled: false },
    },
    logging: showLogging(record.enabledLogTypes),
    ...(addresses ? { identity: { oidc: { issuer: addresses.issuer } } } : {}),
    status: record.status,
    certificateAuthority: addresses
      ? { data: Buffer.from(addresses.certificateAuthorityPem).toString('base64') }
      : {},
    platformVersion: 'eks.1',
    tags: { ...record.tags },
    encryptionConfig: record.encryptionKey
      ? [{ resources: ['secrets'], provider: { keyArn: record.encryptionKey } }]
      : [],
    health: {
      issues: record.issue ? [{ code: 'Other', message: record.issue, resourceIds: [] }] : [],
    },
    accessConfig: { authenticationMode: record.authenticationMode },
    upgradePolicy: { supportType: record.supportType as SupportType },
    deletionProtection: record.deletionProtection,
    ...(record.zonalShift !== undefined && { zonalShiftConfig: { enabled: record.zonalShift } }),
  }
}

function showLogging(enabled: readonly string[]): NonNullable<Cluster['logging']> {
  const on = logTypes.filter((type) => enabled.includes(type))
  const off = logTypes.filter((type) => !enabled.includes(type))
  return {
    clusterLogging: [
      ...(on.length > 0 ? [{ types: on, enabled: true }] : []),
      ...(off.length > 0 ? [{ types: off, enabled: false }] : []),
    ],
  }
}

/** A managed node group. */
export function showNodegroup(record: NodegroupRecord): Nodegroup {
  return {
    nodegroupName: record.name,
    nodegroupArn: record.arn,
    clusterName: record.clusterName,
    version: record.version,
    releaseVersion: record.releaseVersion ?? `${record.version}.0-podpass`,
    createdAt: new Date(record.createdAt),
    modifiedAt: new Date(record.modifiedAt),
    status: record.status,
    capacityType: record.capacityType as NonNullable<Nodegroup['capacityType']>,
    scalingConfig: { ...record.scaling },
    instanceTypes: [...record.instanceTypes],
    subnets: [...record.subnets],
    amiType: record.amiType as NonNullable<Nodegroup['amiType']>,
    nodeRole: record.nodeRole,
    labels: { ...record.labels },
    taints: record.taints as Taint[],
    resources: { autoScalingGroups: [{ name: record.autoScalingGroup }] },
    ...(!record.launchTemplate && { diskSize: record.diskSize }),
    ...(record.remoteAccess && {
      remoteAccess: {
        ...record.remoteAccess,
        sourceSecurityGroups: [...record.remoteAccess.sourceSecurityGroups],
      },
    }),
    ...(record.launchTemplate && {
      launchTemplate: {
        id: record.launchTemplate.id,
        name: record.launchTemplate.name,
        version: record.launchTemplate.version,
      },
    }),
    health: {
      issues: record.issue
        ? [{ code: 'NodeCreationFailure', message: record.issue, resourceIds: [] }]
        : [],
    },
    updateConfig: record.updateConfig ?? { maxUnavailable: 1 },
    tags: { ...record.tags },
  }
}

/** An access entry. */
export function showAccessEntry(record: AccessEntryRecord): AccessEntry {
  return {
    clusterName: record.clusterName,
    principalArn: record.principalArn,
    kubernetesGroups: [...record.kubernetesGroups],
    accessEntryArn: record.arn,
    createdAt: new Date(record.createdAt),
    modifiedAt: new Date(record.modifiedAt),
    tags: { ...record.tags },
    username: record.username,
    type: record.type,
  }
}

/** An access policy as it is bound to an entry. */
export function showAssociatedPolicy(policy: AssociatedPolicy): AssociatedAccessPolicy {
  return {
    policyArn: policy.policyArn,
    accessScope: { type: policy.type, namespaces: [...policy.namespaces] },
    associatedAt: new Date(policy.associatedAt),
    modifiedAt: new Date(policy.modifiedAt),
  }
}

/** What became of a change to a cluster or node group. */
export function showUpdate(record: UpdateRecord): Update {
  return {
    id: record.id,
    status: record.status,
    type: record.type as NonNullable<Update['type']>,
    params: record.params as NonNullable<Update['params']>,
    createdAt: new Date(record.createdAt),
    errors: [],
  }
}
