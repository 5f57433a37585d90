import type { UpdateClusterConfigRequest, UpdateClusterConfigResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, resourceTags } from '../access.ts'
import { creatorEntry } from '../access-entries.ts'
import { inUse, invalidParameter } from '../errors.ts'
import { uuid } from '../ids.ts'
import type { AuthenticationMode, ClusterRecord, UpdateRecord } from '../records.ts'
import { showUpdate } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<UpdateClusterConfigRequest>

/** A change as it is to be made, and as DescribeUpdate will show it. */
interface Change {
  readonly type: string
  readonly params: UpdateRecord['params']
  apply(cluster: ClusterRecord): ClusterRecord
}

/** Changes one aspect of a cluster: how it authenticates, its endpoint's access, logging, support, deletion protection, zonal shift. */
export const updateClusterConfig: Operation<
  Input,
  UpdateClusterConfigResponse,
  { state: EksState }
> = {
  name: 'UpdateClusterConfig',
  access: ({ name, accessConfig }, call, { state }) => [
    clusterNeed('UpdateClusterConfig', call, name, {
      ...resourceTags(state.findCluster(keyOf(call, name))?.tags),
      ...(accessConfig?.authenticationMode && {
        'eks:authenticationMode': accessConfig.authenticationMode,
      }),
    }),
  ],
  async handle(input, call, { state }) {
    const cluster = state.cluster(keyOf(call, input.name))
    if (cluster.status !== 'ACTIVE') {
      throw inUse(`Cluster ${input.name} is not in ACTIVE state: it is ${cluster.status}`, {
        clusterName: input.name,
      })
    }
    const change = changeOf(input, cluster)
    await state.changeCluster(cluster, change.apply)
    if (change.type === 'AccessConfigUpdate' && cluster.creatorIsAdmin) {
      const entry = creatorEntry(cluster, cluster.creatorArn, call.at)
      if (cluster.authenticationMode === 'CONFIG_MAP') {
        await state.create(cluster, 'access-entry', entry.principalArn, entry)
      }
    }
    const update: UpdateRecord = {
      id: uuid(),
      clusterName: cluster.name,
      createdAt: call.at,
      type: change.type,
      status: 'Successful',
      params: change.params,
    }
    await state.create(cluster, 'update', update.id, update)
    return { update: showUpdate(update) }
  },
}

function changeOf(input: Input, cluster: ClusterRecord): Change {
  const changes = [
    accessChange(input, cluster),
    endpointChange(input),
    loggingChange(input),
    supportChange(input),
    protectionChange(input),
    zonalShiftChange(input),
  ].filter((change) => change !== undefined)
  const [change] = changes
  if (!change)
    throw invalidParameter('No changes needed for the cluster', { clusterName: input.name })
  if (changes.length > 1) {
    throw invalidParameter('Only one type of update can be allowed.', { clusterName: input.name })
  }
  return change
}

/** Modes only move towards API: what access entries grant cannot be put back into a ConfigMap. */
const modes: readonly AuthenticationMode[] = ['CONFIG_MAP', 'API_AND_CONFIG_MAP', 'API']

function accessChange(input: Input, cluster: ClusterRecord): Change | undefined {
  const mode = input.accessConfig?.authenticationMode
  if (!mode) return undefined
  const current = cluster.authenticationMode
  if (modes.indexOf(mode) < modes.indexOf(current)) {
    throw invalidParameter(`Unsupported authentication mode update from ${current} to ${mode}`, {
      clusterName: cluster.name,
    })
  }
  if (mode === current) {
    throw invalidParameter(`Cluster already has authentication mode ${mode}`, {
      clusterName: cluster.name,
    })
  }
  return {
    type: 'AccessConfigUpdate',
    params: [{ type: 'AuthenticationMode', value: JSON.stringify(mode) }],
    apply: (c) => ({ ...c, authenticationMode: mode }),
  }
}

function endpointChange({ resourcesVpcConfig: vpc }: Input): Change | undefined {
  if (!vpc) return undefined
  const params = [
    ['EndpointPublicAccess', vpc.endpointPublicAccess],
    ['EndpointPrivateAccess', vpc.endpointPrivateAccess],
    ['PublicAccessCidrs', vpc.publicAccessCidrs && JSON.stringify(vpc.publicAccessCidrs)],
    ['Subnets', vpc.subnetIds && JSON.stringify(vpc.subnetIds)],
    ['SecurityGroups', vpc.securityGroupIds && JSON.stringify(vpc.securityGroupIds)],
  ].flatMap(([type, value]) =>
    value === undefined ? [] : [{ type: String(type), value: String(value) }],
  )
  return {
    type: vpc.subnetIds || vpc.securityGroupIds ? 'VpcConfigUpdate' : 'EndpointAccessUpdate',
    params,
    apply: (c) => ({
      ...c,
      network: {
        ...c.network,
        endpointPublicAccess: vpc.endpointPublicAccess ?? c.network.endpointPublicAccess,
        endpointPrivateAccess: vpc.endpointPrivateAccess ?? c.network.endpointPrivateAccess,
        publicAccessCidrs: vpc.publicAccessCidrs ?? c.network.publicAccessCidrs,
        subnetIds: vpc.subnetIds ?? c.network.subnetIds,
        securityGroupIds: vpc.securityGroupIds ?? c.network.securityGroupIds,
      },
    }),
  }
}

function loggingChange({ logging }: Input): Change | undefined {
  if (!logging) return undefined
  return {
    type: 'LoggingUpdate',
    params: [{ type: 'ClusterLogging', value: JSON.stringify(logging) }],
    apply: (c) => {
      const enabled = new Set(c.enabledLogTypes)
      for (const { types = [], enabled: on } of logging.clusterLogging ?? []) {
        for (const type of types) {
          if (on) enabled.add(type)
          else enabled.delete(type)
        }
      }
      return { ...c, enabledLogTypes: [...enabled] }
    },
  }
}

function supportChange({ upgradePolicy }: Input): Change | undefined {
  const supportType = upgradePolicy?.supportType
  if (!supportType) return undefined
  return {
    type: 'UpgradePolicyUpdate',
    params: [{ type: 'UpgradePolicy', value: JSON.stringify({ supportType }) }],
    apply: (c) => ({ ...c, supportType }),
  }
}

function protectionChange({ deletionProtection }: Input): Change | undefined {
  if (deletionProtection === undefined) return undefined
  return {
    type: 'DeletionProtectionUpdate',
    params: [{ type: 'UpdatedDeletionProtection', value: String(deletionProtection) }],
    apply: (c) => ({ ...c, deletionProtection }),
  }
}

function zonalShiftChange({ zonalShiftConfig }: Input): Change | undefined {
  if (!zonalShiftConfig) return undefined
  const enabled = zonalShiftConfig.enabled ?? false
  return {
    type: 'ZonalShiftConfigUpdate',
    params: [{ type: 'ZonalShiftConfig', value: JSON.stringify({ enabled }) }],
    apply: (c) => ({ ...c, zonalShift: enabled }),
  }
}
