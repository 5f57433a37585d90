/** Service-linked roles: create, delete, and how the deletion went. */
import type {
  CreateServiceLinkedRoleRequest,
  CreateServiceLinkedRoleResponse,
  DeleteServiceLinkedRoleRequest,
  DeleteServiceLinkedRoleResponse,
  GetServiceLinkedRoleDeletionStatusRequest,
  GetServiceLinkedRoleDeletionStatusResponse,
  Role,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity, requestContext } from '../access.ts'
import { type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { encodeDocument } from '../documents.ts'
import { refuse } from '../errors.ts'
import { existing, find } from '../find.ts'
import { newId } from '../ids.ts'
import { linkedRole, refuseSuffix } from '../linked-roles.ts'
import { entityArn } from '../names.ts'
import type { RoleRecord } from '../records.ts'
import { showNewRole } from '../show.ts'
import type { IamState } from '../state.ts'

export const createServiceLinkedRole: Operation<
  Valid<CreateServiceLinkedRoleRequest>,
  CreateServiceLinkedRoleResponse,
  IamDeps
> = {
  name: 'CreateServiceLinkedRole',
  access(input, { account }) {
    const role = linkedRole(input.AWSServiceName, input.CustomSuffix)
    const resource = entityArn(account, 'role', role)
    return [{ action: 'iam:CreateServiceLinkedRole', resource, context: requestContext(input) }]
  },
  async handle(input, { account, at }, { state, writer, quotas }) {
    const service = input.AWSServiceName
    if (!/^[a-z0-9.-]+\.amazonaws\.com$/.test(service)) {
      throw refuse.InvalidInput({ text: `Service ${service} is not valid.` })
    }
    refuseSuffix(service, input.CustomSuffix)
    const { name, path, policyArn, trustPolicy } = linkedRole(service, input.CustomSuffix)
    const role: RoleRecord = {
      name,
      path,
      id: newId('role', account),
      createdAt: secondsOf(at),
      inline: {},
      attached: policyArn === undefined ? [] : [{ arn: policyArn }],
      trustPolicy,
      maxSessionDuration: 3600,
      linkedService: service,
      ...(input.Description && { description: input.Description }),
    }
    const limit = quotas.rolesPerAccount
    if ((state.account(account)?.entities.role.size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'RolesPerAccount', limit })
    }
    if (!(await writer.create(account, 'role', name, role))) {
      throw refuse.InvalidInput({
        text: `Service role name ${name} has been taken in this account, please try a different suffix.`,
      })
    }
    return { Role: showNewLinkedRole(state, account, role) }
  },
}

/** Deletes at once; the task is only there to be asked about. */
export const deleteServiceLinkedRole: Operation<
  Valid<DeleteServiceLinkedRoleRequest>,
  DeleteServiceLinkedRoleResponse,
  IamDeps
> = {
  name: 'DeleteServiceLinkedRole',
  access: onEntity('iam:DeleteServiceLinkedRole', 'role'),
  async handle({ RoleName }, { account, requestId }, { state, writer }) {
    const { path, name } = find(state, account, 'role', RoleName)
    await writer.change(account, 'role', RoleName, (found) => {
      if (existing(found, 'role', RoleName).linkedService === undefined) {
        throw refuse.InvalidInput({ text: `Role ${RoleName} is not a service linked role.` })
      }
      return 'delete'
    })
    return { DeletionTaskId: `task${path}${name}/${requestId}` }
  },
}

export const getServiceLinkedRoleDeletionStatus: Operation<
  Valid<GetServiceLinkedRoleDeletionStatusRequest>,
  GetServiceLinkedRoleDeletionStatusResponse,
  IamDeps
> = {
  name: 'GetServiceLinkedRoleDeletionStatus',
  access({ DeletionTaskId }, { account }) {
    const role = taskRole(DeletionTaskId)
    const resource = role ? entityArn(account, 'role', role) : '*'
    return [{ action: 'iam:GetServiceLinkedRoleDeletionStatus', resource }]
  },
  handle({ DeletionTaskId }) {
    if (!taskRole(DeletionTaskId)) {
      const message = `The deletion task ${DeletionTaskId} cannot be found.`
      throw refuse.NoSuchEntity({}, { message })
    }
    return { Status: 'SUCCEEDED' }
  },
}

function taskRole(id: string): { path: string; name: string } | undefined {
  const match = /^task(\/aws-service-role\/[^/]+\/)([^/]+)\/[^/]+$/.exec(id)
  return match ? { path: match[1] ?? '', name: match[2] ?? '' } : undefined
}

/** As its creation shows it: with its description, and a trust policy that says the same in lists. */
function showNewLinkedRole(state: IamState, account: string, role: RoleRecord): Role {
  const trust = {
    Version: '2012-10-17',
    Statement: [
      { Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [role.linkedService] } },
    ],
  }
  return {
    ...showNewRole(state, account, role),
    AssumeRolePolicyDocument: encodeDocument(JSON.stringify(trust)),
    Description: role.description,
  }
}
