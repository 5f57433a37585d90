/** UpdateUser and UpdateGroup: a new name or path; all that the entity has comes along. */
import type { UpdateGroupRequest, UpdateUserRequest } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { bothNames } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { find } from '../find.ts'
import type { GroupRecord } from '../records.ts'
import type { IamState } from '../state.ts'

export const updateUser: Operation<Valid<UpdateUserRequest>, void, IamDeps> = {
  name: 'UpdateUser',
  access: ({ UserName, NewUserName, NewPath }, call, deps) =>
    bothNames('user', 'iam:UpdateUser', UserName, NewUserName, NewPath, call, deps),
  async handle({ UserName, NewUserName, NewPath }, { account }, { state, writer }) {
    const renamed = await writer.rename(account, 'user', UserName, () => {
      const user = find(state, account, 'user', UserName)
      return { record: { ...user, name: NewUserName ?? user.name, path: NewPath ?? user.path } }
    })
    if (!renamed) throw refuse.EntityAlreadyExists({ kind: 'User', name: NewUserName ?? UserName })
  },
}

export const updateGroup: Operation<Valid<UpdateGroupRequest>, void, IamDeps> = {
  name: 'UpdateGroup',
  access: ({ GroupName, NewGroupName, NewPath }, call, deps) =>
    bothNames('group', 'iam:UpdateGroup', GroupName, NewGroupName, NewPath, call, deps),
  async handle({ GroupName, NewGroupName, NewPath }, { account }, { state, writer }) {
    const renamed = await writer.rename(account, 'group', GroupName, () => {
      const group = find(state, account, 'group', GroupName)
      const record = { ...group, name: NewGroupName ?? group.name, path: NewPath ?? group.path }
      return { record, users: membersUnder(record.name, group, account, state) }
    })
    if (!renamed) {
      throw refuse.EntityAlreadyExists({ kind: 'Group', name: NewGroupName ?? GroupName })
    }
  },
}

/** A group's users, as they are when it has another name. */
function membersUnder(name: string, group: GroupRecord, account: string, state: IamState) {
  const members = [...(state.account(account)?.members.of(group.name.toLowerCase()) ?? [])]
  return members.flatMap((key) => {
    const entry = state.entry(account, 'user', key)
    if (!entry) return []
    const groups = entry.record.groups.map((reference) =>
      reference.id === group.id ? { name, id: group.id } : reference,
    )
    return [{ name: key, record: { ...entry.record, groups }, revision: entry.revision }]
  })
}
