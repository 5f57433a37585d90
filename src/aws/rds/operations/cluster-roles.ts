/** AddRoleToDBCluster and RemoveRoleFromDBCluster: kept and shown; no feature of the database uses a role here. */
import type { Call, Need, Operation } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findCluster, plainName } from '../find.ts'
import type { ClusterRole } from '../records.ts'

interface Input {
  readonly DBClusterIdentifier: string
  readonly RoleArn: string
  readonly FeatureName?: string
}

const rolesMax = 5

export const addRoleToDBCluster: Operation<Input, object, RdsDeps> = {
  name: 'AddRoleToDBCluster',
  access: (input, call, deps) => [
    ...needs('AddRoleToDBCluster', input, call, deps),
    {
      action: 'iam:PassRole',
      resource: input.RoleArn,
      context: { 'iam:PassedToService': 'rds.amazonaws.com' },
    },
  ],
  async handle({ DBClusterIdentifier, RoleArn: arn, FeatureName: feature }, call, { state }) {
    const { identifier, roles = [] } = findCluster(state, call, DBClusterIdentifier)
    const role: ClusterRole = { arn, ...(feature ? { feature } : {}) }
    if (roles.some((other) => isSame(other, role))) {
      throw refuse.DBClusterRoleAlreadyExists({ arn, name: identifier })
    }
    if (roles.length >= rolesMax) throw refuse.DBClusterRoleQuotaExceeded({ name: identifier })
    await state.change(call, 'cluster', identifier, (current) => {
      const others = (current.roles ?? []).filter((other) => !isSame(other, role))
      return { ...current, roles: [...others, role] }
    })
    return {}
  },
}

export const removeRoleFromDBCluster: Operation<Input, object, RdsDeps> = {
  name: 'RemoveRoleFromDBCluster',
  access: (input, call, deps) => needs('RemoveRoleFromDBCluster', input, call, deps),
  async handle({ DBClusterIdentifier, RoleArn: arn, FeatureName: feature }, call, { state }) {
    const { identifier, roles = [] } = findCluster(state, call, DBClusterIdentifier)
    const role: ClusterRole = { arn, ...(feature ? { feature } : {}) }
    if (!roles.some((other) => isSame(other, role))) {
      throw refuse.DBClusterRoleNotFound({ arn, name: identifier })
    }
    await state.change(call, 'cluster', identifier, (current) => ({
      ...current,
      roles: (current.roles ?? []).filter((other) => !isSame(other, role)),
    }))
    return {}
  },
}

function needs(action: string, input: Input, call: Call, deps: RdsDeps): Need[] {
  return [rdsNeed(action, call, 'cluster', plainName(input.DBClusterIdentifier), deps)]
}

const isSame = (a: ClusterRole, b: ClusterRole) => a.arn === b.arn && a.feature === b.feature
