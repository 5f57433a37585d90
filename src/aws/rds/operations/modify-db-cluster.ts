/** ModifyDBCluster: what is changed takes effect at once, whatever ApplyImmediately says. */
import type { Operation } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findCluster, plainName } from '../find.ts'
import { checkPasswordInput, type PasswordInput, secretNeeds } from '../master-secret.ts'
import { passwordChange } from '../password-change.ts'
import type { ClusterRecord } from '../records.ts'
import { showCluster } from '../show.ts'
import { checkLogTypes, checkStorageType, checkVersion } from '../validation.ts'

interface Input extends PasswordInput {
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
  access(input, call, deps) {
    const name = plainName(input.DBClusterIdentifier)
    const secret = deps.state.find(call, 'cluster', name)?.masterSecret
    const needs = secretNeeds(input, call, name, secret)
    return [rdsNeed('ModifyDBCluster', call, 'cluster', name, deps), ...needs]
  },
  async handle(input, call, deps) {
    const { state, lifecycle, databases } = deps
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    if (cluster.status !== 'available') {
      throw refuse.InvalidDBClusterStateFault({
        text: `DB cluster ${cluster.identifier} is not in available state: ${cluster.status}`,
      })
    }
    refuseWhatStays(input, cluster)
    checkPasswordInput(input, cluster.masterSecret)
    const group = input.DBClusterParameterGroupName?.toLowerCase()
    if (group && !group.startsWith('default.') && !state.find(call, 'cluster-pg', group)) {
      throw refuse.DBClusterParameterGroupNotFound({ name: group })
    }
    const { EngineVersion: version } = input
    const change = changed(
      input,
      version === undefined ? undefined : checkVersion(version, await databases.engineVersion()),
    )
    const password = await passwordChange(input, cluster, call, deps)
    let next: ClusterRecord | undefined
    try {
      next = await state.change(call, 'cluster', cluster.identifier, (current) =>
        password.change(change(current)),
      )
      if (!next) throw refuse.DBClusterNotFoundFault({ name: cluster.identifier })
    } catch (error) {
      await password.undo()
      throw error
    }
    // The record decides: a database that does not take it over now does so when it starts again.
    await password.settle()
    await lifecycle.change(next)
    return { DBCluster: showCluster(next, state.list(call, 'db')) }
  },
}

function changed(input: Input, engineVersion?: string) {
  const capacity = input.ServerlessV2ScalingConfiguration
  const wanted = {
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
  if (input.EnableHttpEndpoint) throw refused('Podpass does not serve the RDS Data API.')
}
