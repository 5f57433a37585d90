/** UpdateUser and UpdateGroup: a new name or path; all that the entity has comes along. */
import type { UpdateGroupRequest, UpdateUserRequest } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { bothNames } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { find } from '../find.ts'

export const updateUser: Operation<Valid<UpdateUserRequest>, void, IamDeps> = {
  name: 'UpdateUser',
  access: ({ UserName, NewUserName, NewPath }, call, deps) =>
    bothNames('user', 'iam:UpdateUser', UserName, NewUserName, NewPath, call, deps),
  async handle({ UserName, NewUserName, NewPath }, { account }, { state, writer }) {
    const user = find(state, account, 'user', UserName)
    const renamed = { ...user, name: NewUserName ?? user.name, path: NewPath ?? user.path }
    if (!(await writer.rename(account, 'user', user.name, renamed.name, renamed, []))) {
      throw refuse.EntityAlreadyExists({ kind: 'User', name: renamed.name })
    }
  },
}

export const updateGroup: Operation<Valid<UpdateGroupRequest>, void, IamDeps> = {
  name: 'UpdateGroup',
  access: ({ GroupName, NewGroupName, NewPath }, call, deps) =>
    bothNames('group', 'iam:UpdateGroup', GroupName, NewGroupName, NewPath, call, deps),
  async handle({ GroupName, NewGroupName, NewPath }, { account }, { state, writer }) {
    const group = find(state, account, 'group', GroupName)
    const renamed = { ...group, name: NewGroupName ?? group.name, path: NewPath ?? group.path }
    const members = [...(state.account(account)?.members.of(group.name.toLowerCase()) ?? [])]
    const moved = members.flatMap((key) => {
      const entry = state.entry(account, 'user', key)
      if (!entry) return []
      const groups = entry.record.groups.map((reference) =>
        reference.id === group.id ? { name: renamed.name, id: group.id } : reference,
      )
      return [{ name: key, record: { ...entry.record, groups }, revision: entry.revision }]
    })
    if (!(await writer.rename(account, 'group', group.name, renamed.name, renamed, moved))) {
      throw refuse.EntityAlreadyExists({ kind: 'Group', name: renamed.name })
    }
  },
}
