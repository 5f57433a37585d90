import type { CreateClusterRequest, CreateClusterResponse } from '@aws-sdk/client-eks'
import type { Call, Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, passRoleNeed, requestTags } from '../access.ts'
import { creatorEntry } from '../access-entries.ts'
import { inUse, invalidParameter } from '../errors.ts'
import { issuerId, resourceId } from '../ids.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { principalOf } from '../principals.ts'
import { type ClusterRecord, clusterArn } from '../records.ts'
import { showCluster } from '../shapes.ts'
import type { EksState } from '../state.ts'
import { checkTags, encryptionKeyOf } from '../validation.ts'
import { defaultVersion, isOffered } from '../versions.ts'

type Input = Checked<CreateClusterRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'start'>
  roleExists(arn: string): boolean
}

/** Makes a cluster with its own CA, issuer and API server. */
export const createCluster: Operation<Input, CreateClusterResponse, Deps> = {
  name: 'CreateCluster',
  access: (input, call) => [
    clusterNeed('CreateCluster', call, input.name, {
      ...requestTags(input.tags),
      ...(input.accessConfig?.authenticationMode && {
        'eks:authenticationMode': input.accessConfig.authenticationMode,
      }),
    }),
    passRoleNeed(input.roleArn),
  ],
  async handle(input, call, { state, lifecycle, roleExists }) {
    const { name, roleArn, version } = input
    const existing = state.findCluster(keyOf(call, name))
    if (existing) return { cluster: showCluster(sameRequest(existing, input)) }
    if (version !== undefined && !isOffered(version)) {
      throw invalidParameter(`unsupported Kubernetes version ${version}`, { clusterName: name })
    }
    if (!roleExists(roleArn)) {
      throw invalidParameter(
        `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
        { clusterName: name },
      )
    }
    const record = newCluster(input, call)
    const entries =
      record.creatorIsAdmin && record.authenticationMode !== 'CONFIG_MAP'
        ? [creatorEntry(record, record.creatorArn, call.at)]
        : []
    if (!(await state.createCluster(record, entries))) {
      return { cluster: showCluster(sameRequest(state.cluster(record), input)) }
    }
    await lifecycle.start(record)
    return { cluster: showCluster(record) }
  },
}

/** A request that a client repeats, by its token, gets the cluster it made; another is refused. */
function sameRequest(existing: ClusterRecord, input: Input): ClusterRecord {
  const token = input.clientRequestToken
  if (token !== undefined && existing.clientRequestToken === token) return existing
  throw inUse(`Cluster already exists with name: ${input.name}`, { clusterName: input.name })
}

function newCluster(input: Input, call: Call): ClusterRecord {
  const key = keyOf(call, input.name)
  const { caller } = call
  const vpc = input.resourcesVpcConfig
  return {
    ...key,
    arn: clusterArn(key),
    createdAt: call.at,
    version: input.version ?? defaultVersion,
    roleArn: input.roleArn,
    status: 'CREATING',
    issuerId: issuerId(),
    ...(input.clientRequestToken === undefined
      ? {}
      : { clientRequestToken: input.clientRequestToken }),
    network: {
      subnetIds: vpc.subnetIds ?? [],
      securityGroupIds: vpc.securityGroupIds ?? [],
      clusterSecurityGroupId: resourceId('sg'),
      vpcId: resourceId('vpc'),
      endpointPublicAccess: vpc.endpointPublicAccess ?? true,
      endpointPrivateAccess: vpc.endpointPrivateAccess ?? false,
      publicAccessCidrs: vpc.publicAccessCidrs ?? ['0.0.0.0/0'],
      serviceCidr: input.kubernetesNetworkConfig?.serviceIpv4Cidr ?? '10.100.0.0/16',
    },
    enabledLogTypes: (input.logging?.clusterLogging ?? [])
      .filter((setup) => setup.enabled)
      .flatMap((setup) => setup.types ?? []),
    // AWS's own default is still CONFIG_MAP; its console, eksctl and Terraform's module choose as we do.
    authenticationMode: input.accessConfig?.authenticationMode ?? 'API_AND_CONFIG_MAP',
    creatorArn: caller.kind === 'anonymous' ? '' : principalOf(caller),
    creatorIsAdmin: input.accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
    supportType: input.upgradePolicy?.supportType ?? 'EXTENDED',
    deletionProtection: input.deletionProtection ?? false,
    ...(input.zonalShiftConfig && { zonalShift: input.zonalShiftConfig.enabled ?? false }),
    ...(input.encryptionConfig?.length && {
      encryptionKey: encryptionKeyOf(input.encryptionConfig, input.name),
    }),
    tags: checkTags(input.tags),
  }
}
