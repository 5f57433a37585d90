import type { CreateRoleRequest, CreateRoleResponse } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onNewEntity } from '../access.ts'
import { checkBoundary } from '../boundary.ts'
import { type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { checkTrust } from '../documents.ts'
import { refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { RoleRecord } from '../records.ts'
import { showNewRole } from '../show.ts'
import { readTags } from '../tags.ts'

/** Makes a role that whoever its trust policy names may assume. */
export const createRole: Operation<Valid<CreateRoleRequest>, CreateRoleResponse, IamDeps> = {
  name: 'CreateRole',
  access: onNewEntity('iam:CreateRole', 'role', 'iam:TagRole'),
  async handle(input, { account, at }, deps) {
    const { state, writer, quotas } = deps
    const name = input.RoleName
    const role: RoleRecord = {
      name,
      path: input.Path ?? '/',
      id: newId('role', account),
      createdAt: secondsOf(at),
      inline: {},
      attached: [],
      trustPolicy: input.AssumeRolePolicyDocument,
      ...checkTrust(deps, input.AssumeRolePolicyDocument),
      maxSessionDuration: input.MaxSessionDuration ?? 3600,
      ...(input.Description && { description: input.Description }),
      ...checkBoundary(deps, account, input.PermissionsBoundary),
      ...readTags(input.Tags, 'same'),
    }
    if (state.entry(account, 'role', name)) {
      throw refuse.EntityAlreadyExists({ kind: 'Role', name })
    }
    if ((state.account(account)?.entities.role.size ?? 0) >= quotas.rolesPerAccount) {
      throw refuse.LimitExceeded({ quota: 'RolesPerAccount', limit: quotas.rolesPerAccount })
    }
    if (!(await writer.create(account, 'role', name, role))) {
      throw refuse.EntityAlreadyExists({ kind: 'Role', name })
    }
    return { Role: showNewRole(state, account, role) }
  },
}
