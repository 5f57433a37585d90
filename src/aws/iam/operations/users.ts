/** CreateUser, GetUser, ListUsers and DeleteUser. */
import type {
  CreateUserRequest,
  CreateUserResponse,
  DeleteUserRequest,
  GetUserRequest,
  GetUserResponse,
  ListUsersRequest,
  ListUsersResponse,
} from '@aws-sdk/client-iam'
import { iamArn } from '../../../kernel/arn.ts'
import type { Operation } from '../../operation.ts'
import { onEntity, onList, onNewEntity, onUserOrSelf } from '../access.ts'
import { checkBoundary } from '../boundary.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, userOrSelf } from '../find.ts'
import { newId } from '../ids.ts'
import { markedKey, pageOf, underPath } from '../paging.ts'
import type { UserRecord } from '../records.ts'
import { showUser, showWholeUser } from '../show.ts'
import { readTags } from '../tags.ts'

export const createUser: Operation<Valid<CreateUserRequest>, CreateUserResponse, IamDeps> = {
  name: 'CreateUser',
  access: onNewEntity('iam:CreateUser', 'user', 'iam:TagUser'),
  async handle(input, { account, at }, deps) {
    const { state, writer, quotas } = deps
    const name = input.UserName
    const user: UserRecord = {
      name,
      path: input.Path ?? '/',
      id: newId('user', account),
      createdAt: secondsOf(at),
      inline: {},
      attached: [],
      keys: [],
      groups: [],
      ...checkBoundary(deps, account, input.PermissionsBoundary),
      ...readTags(input.Tags, 'same'),
    }
    if (state.entry(account, 'user', name)) {
      throw refuse.EntityAlreadyExists({ kind: 'User', name })
    }
    const limit = quotas.usersPerAccount
    if ((state.account(account)?.entities.user.size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'UsersPerAccount', limit })
    }
    if (!(await writer.create(account, 'user', name, user))) {
      throw refuse.EntityAlreadyExists({ kind: 'User', name })
    }
    return { User: showWholeUser(account, user) }
  },
}

/** Without a name: the caller himself, who may be the root user. */
export const getUser: Operation<Valid<GetUserRequest>, GetUserResponse, IamDeps> = {
  name: 'GetUser',
  access: onUserOrSelf('iam:GetUser'),
  handle(input, call, { state }) {
    const { account } = call
    const name = userOrSelf(input.UserName, call)
    if (name !== undefined) {
      return { User: showWholeUser(account, find(state, account, 'user', name)) }
    }
    const record = state.account(account)?.root?.record
    return {
      User: {
        Path: undefined,
        UserName: undefined,
        UserId: account,
        Arn: iamArn(account, 'root'),
        CreateDate: dateOf(record?.createdAt ?? 0),
      },
    }
  },
}

export const listUsers: Operation<Valid<ListUsersRequest>, ListUsersResponse, IamDeps> = {
  name: 'ListUsers',
  access: onList('iam:ListUsers', 'user'),
  handle(input, { account }, { state }) {
    const all = state.account(account)?.entities.user.after(markedKey(input)) ?? []
    const { items, page } = pageOf(underPath(all, input.PathPrefix), input)
    return { Users: items.map((user) => showUser(account, user)), ...page }
  },
}

/** Deletes a user who has no keys, no policies and is in no group. */
export const deleteUser: Operation<Valid<DeleteUserRequest>, void, IamDeps> = {
  name: 'DeleteUser',
  access: onEntity('iam:DeleteUser', 'user'),
  async handle({ UserName }, { account }, { writer }) {
    await writer.change(account, 'user', UserName, (found) => {
      const user = existing(found, 'user', UserName)
      const must = conflict(user)
      if (must) {
        throw refuse.DeleteConflict({}, { message: `Cannot delete entity, must ${must} first.` })
      }
      return 'delete'
    })
  },
}

function conflict(user: UserRecord): string | undefined {
  if (user.attached.length > 0) return 'detach all policies'
  if (Object.keys(user.inline).length > 0) return 'delete policies'
  if (user.keys.length > 0) return 'delete access keys'
  if (user.login) return 'delete login profile'
  if (user.mfa?.length) return 'delete MFA device'
  if (user.sshKeys?.length) return 'delete SSH public keys'
  if (user.certificates?.length) return 'delete signing certificates'
  if (user.serviceCredentials?.length) return 'delete service specific credentials'
  if (user.groups.length > 0) return 'remove users from group'
  return undefined
}
