/** UpdateRole, its older form UpdateRoleDescription, and UpdateAssumeRolePolicy. */
import type {
  UpdateAssumeRolePolicyRequest,
  UpdateRoleDescriptionRequest,
  UpdateRoleDescriptionResponse,
  UpdateRoleRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { checkTrust } from '../documents.ts'
import { existing, find } from '../find.ts'
import { refuseLinked } from '../linked-roles.ts'
import type { RoleRecord } from '../records.ts'
import { showPlainRole } from '../show.ts'

/** Changes description and longest session; what is not given stays. */
export const updateRole: Operation<Valid<UpdateRoleRequest>, object, IamDeps> = {
  name: 'UpdateRole',
  access: onEntity('iam:UpdateRole', 'role'),
  async handle(input, { account }, { writer }) {
    await writer.change(account, 'role', input.RoleName, (found) => {
      const role = existing(found, 'role', input.RoleName)
      const record = input.Description === undefined ? role : described(role, input.Description)
      const { maxSessionDuration } = role
      return {
        record: { ...record, maxSessionDuration: input.MaxSessionDuration ?? maxSessionDuration },
      }
    })
    return {}
  },
}

export const updateRoleDescription: Operation<
  Valid<UpdateRoleDescriptionRequest>,
  UpdateRoleDescriptionResponse,
  IamDeps
> = {
  name: 'UpdateRoleDescription',
  access: onEntity('iam:UpdateRoleDescription', 'role'),
  async handle({ RoleName, Description }, { account }, { state, writer }) {
    await writer.change(account, 'role', RoleName, (found) => ({
      record: described(existing(found, 'role', RoleName), Description),
    }))
    const role = find(state, account, 'role', RoleName)
    return {
      Role: { ...showPlainRole(state, account, role), Description: role.description },
    }
  },
}

/** Replaces the trust policy; sessions that were issued under the old one live on. */
export const updateAssumeRolePolicy: Operation<
  Valid<UpdateAssumeRolePolicyRequest>,
  void,
  IamDeps
> = {
  name: 'UpdateAssumeRolePolicy',
  access: onEntity('iam:UpdateAssumeRolePolicy', 'role'),
  async handle({ RoleName, PolicyDocument }, { account }, deps) {
    find(deps.state, account, 'role', RoleName)
    const trust = checkTrust(deps, PolicyDocument)
    await deps.writer.change(account, 'role', RoleName, (found) => {
      const role = existing(found, 'role', RoleName)
      refuseLinked(role)
      const { trustIds: _, ...rest } = role
      return { record: { ...rest, trustPolicy: PolicyDocument, ...trust } }
    })
  },
}

function described(role: RoleRecord, description: string): RoleRecord {
  const { description: _, ...rest } = role
  return description === '' ? rest : { ...rest, description }
}
