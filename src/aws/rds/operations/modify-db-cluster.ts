/** ModifyDBCluster: what is changed takes effect at once, whatever ApplyImmediately says. */
import type { Operation } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findCluster, plainName } from '../find.ts'
import type { ClusterRecord } from '../records.ts'
import { showCluster } from '../show.ts'
import {
  checkLogTypes,
  checkMasterPassword,
  checkStorageType,
  checkVersion,
} from '../validation.ts'

interface Input {
  readonly DBClusterIdentifier: string
  readonly BackupRetentionPeriod?: number
  readonly CopyTagsToSnapshot?: boolean
  readonly DBClusterParameterGroupName?: string
  readonly DeletionProtection?: boolean
  readonly CloudwatchLogsExportConfiguration?: {
    readonly EnableLogTypes?: readonly string[]
    readonly DisableLogTypes?: readonly string[]
  }
  readonly EnableHttpEndpoint?: boolean
  readonly EnableIAMDatabaseAuthentication?: boolean
  readonly EngineVersion?: string
  readonly ManageMasterUserPassword?: boolean
  readonly MasterUserPassword?: string
  readonly NewDBClusterIdentifier?: string
  readonly Port?: number
  readonly PreferredBackupWindow?: string
  readonly PreferredMaintenanceWindow?: string
  readonly StorageType?: string
  readonly ServerlessV2ScalingConfiguration?: {
    readonly MinCapacity?: number
    readonly MaxCapacity?: number
  }
  readonly VpcSecurityGroupIds?: readonly string[]
}

export const modifyDBCluster: Operation<Input, object, RdsDeps> = {
  name: 'ModifyDBCluster',
  access: (input, call, deps) => [
    rdsNeed('ModifyDBCluster', call, 'cluster', plainName(input.DBClusterIdentifier), deps),
  ],
  async handle(input, call, { state, lifecycle, databases }) {
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    if (cluster.status !== 'available') {
      throw refuse.InvalidDBClusterStateFault({
        text: `DB cluster ${cluster.identifier} is not in available state: ${cluster.status}`,
      })
    }
    refuseWhatStays(input, cluster)
    const group = input.DBClusterParameterGroupName?.toLowerCase()
    if (group && !group.startsWith('default.') && !state.find(call, 'cluster-pg', group)) {
      throw refuse.DBClusterParameterGroupNotFound({ name: group })
    }
    const { EngineVersion: version, MasterUserPassword: password } = input
    const change = changed(
      input,
      password === undefined
        ? undefined
        : await databases.passwordVerifier(checkMasterPassword(password)),
      version === undefined ? undefined : checkVersion(version, await databases.engineVersion()),
    )
    const next = await state.change(call, 'cluster', cluster.identifier, change)
    if (!next) throw refuse.DBClusterNotFoundFault({ name: cluster.identifier })
    await lifecycle.change(next)
    return { DBCluster: showCluster(next, state.list(call, 'db')) }
  },
}

function changed(input: Input, masterPasswordVerifier?: string, engineVersion?: string) {
  const capacity = input.ServerlessV2ScalingConfiguration
  const wanted = {
    masterPasswordVerifier,
    engineVersion,
    iamEnabled: input.EnableIAMDatabaseAuthentication,
    deletionProtection: input.DeletionProtection,
    backupRetentionDays: input.BackupRetentionPeriod,
    backupWindow: input.PreferredBackupWindow,
    maintenanceWindow: input.PreferredMaintenanceWindow,
    copyTagsToSnapshot: input.CopyTagsToSnapshot,
    parameterGroup: input.DBClusterParameterGroupName?.toLowerCase(),
    securityGroupIds: input.VpcSecurityGroupIds,
    storageType: input.StorageType && checkStorageType(input.StorageType),
    serverlessCapacity: capacity && {
      min: capacity.MinCapacity ?? 0.5,
      max: capacity.MaxCapacity ?? 1,
    },
  }
  const given = Object.fromEntries(
    Object.entries(wanted).filter(([, value]) => value !== undefined),
  ) as Partial<ClusterRecord>
  const { EnableLogTypes = [], DisableLogTypes = [] } =
    input.CloudwatchLogsExportConfiguration ?? {}
  checkLogTypes([...EnableLogTypes, ...DisableLogTypes])
  return (current: ClusterRecord): ClusterRecord => {
    const logs = new Set([...(current.logExports ?? []), ...EnableLogTypes])
    for (const type of DisableLogTypes) logs.delete(type)
    return { ...current, ...given, logExports: [...logs].sort() }
  }
}

function refuseWhatStays(input: Input, cluster: ClusterRecord): void {
  const refused = (text: string) => refuse.InvalidParameterCombination({ text })
  if (input.NewDBClusterIdentifier && input.NewDBClusterIdentifier !== cluster.identifier) {
    throw refused('Podpass does not rename DB clusters: make a new one.')
  }
  if (input.Port !== undefined && input.Port !== cluster.port) {
    throw refused('Podpass does not change the port of a DB cluster: make a new one.')
  }
  if (input.ManageMasterUserPassword) {
    throw refused('Podpass has no Secrets Manager: give MasterUserPassword.')
  }
  if (input.EnableHttpEndpoint) throw refused('Podpass does not serve the RDS Data API.')
}
