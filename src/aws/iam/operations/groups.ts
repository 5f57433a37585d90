/** Groups and who is in them. */
import type {
  AddUserToGroupRequest,
  CreateGroupRequest,
  CreateGroupResponse,
  DeleteGroupRequest,
  GetGroupRequest,
  GetGroupResponse,
  ListGroupsForUserRequest,
  ListGroupsForUserResponse,
  ListGroupsRequest,
  ListGroupsResponse,
  RemoveUserFromGroupRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity, onList, onNewEntity } from '../access.ts'
import { type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find } from '../find.ts'
import { newId } from '../ids.ts'
import { markedKey, pageOf, pageOfList, underPath } from '../paging.ts'
import type { GroupRecord } from '../records.ts'
import { showGroup, showUser } from '../show.ts'

export const createGroup: Operation<Valid<CreateGroupRequest>, CreateGroupResponse, IamDeps> = {
  name: 'CreateGroup',
  access: onNewEntity('iam:CreateGroup', 'group'),
  async handle(input, { account, at }, { state, writer, quotas }) {
    const name = input.GroupName
    const group: GroupRecord = {
      name,
      path: input.Path ?? '/',
      id: newId('group', account),
      createdAt: secondsOf(at),
      inline: {},
      attached: [],
    }
    if (state.entry(account, 'group', name)) {
      throw refuse.EntityAlreadyExists({ kind: 'Group', name })
    }
    const limit = quotas.groupsPerAccount
    if ((state.account(account)?.entities.group.size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'GroupsPerAccount', limit })
    }
    if (!(await writer.create(account, 'group', name, group))) {
      throw refuse.EntityAlreadyExists({ kind: 'Group', name })
    }
    return { Group: showGroup(account, group) }
  },
}

/** The group and a page of its users. */
export const getGroup: Operation<Valid<GetGroupRequest>, GetGroupResponse, IamDeps> = {
  name: 'GetGroup',
  access: onEntity('iam:GetGroup', 'group'),
  handle(input, { account }, { state }) {
    const group = find(state, account, 'group', input.GroupName)
    const members = [...(state.account(account)?.members.of(group.name.toLowerCase()) ?? [])]
    const { items, page } = pageOfList(members, (key) => key, input)
    const users = items.flatMap((key) => state.entry(account, 'user', key)?.record ?? [])
    return {
      Group: showGroup(account, group),
      Users: users.map((user) => showUser(account, user)),
      ...page,
    }
  },
}

export const listGroups: Operation<Valid<ListGroupsRequest>, ListGroupsResponse, IamDeps> = {
  name: 'ListGroups',
  access: onList('iam:ListGroups', 'group'),
  handle(input, { account }, { state }) {
    const all = state.account(account)?.entities.group.after(markedKey(input)) ?? []
    const { items, page } = pageOf(underPath(all, input.PathPrefix), input)
    return { Groups: items.map((group) => showGroup(account, group)), ...page }
  },
}

/** Deletes a group that has neither users nor policies. */
export const deleteGroup: Operation<Valid<DeleteGroupRequest>, void, IamDeps> = {
  name: 'DeleteGroup',
  access: onEntity('iam:DeleteGroup', 'group'),
  async handle({ GroupName }, { account }, { state, writer }) {
    await writer.change(account, 'group', GroupName, (found) => {
      const group = existing(found, 'group', GroupName)
      const must = conflict(group, state.account(account)?.members.of(GroupName.toLowerCase()).size)
      if (must) {
        throw refuse.DeleteConflict({}, { message: `Cannot delete entity, must ${must} first.` })
      }
      return 'delete'
    })
  },
}

/** A user who is in the group already is no error. */
export const addUserToGroup: Operation<Valid<AddUserToGroupRequest>, void, IamDeps> = {
  name: 'AddUserToGroup',
  access: onEntity('iam:AddUserToGroup', 'group'),
  async handle({ GroupName, UserName }, { account }, { state, writer, quotas }) {
    find(state, account, 'user', UserName)
    const { id, name } = find(state, account, 'group', GroupName)
    const limit = quotas.groupsPerUser
    await writer.change(account, 'user', UserName, (found) => {
      const user = existing(found, 'user', UserName)
      const others = user.groups.filter((group) => group.name.toLowerCase() !== name.toLowerCase())
      if (others.length >= limit) throw refuse.LimitExceeded({ quota: 'GroupsPerUser', limit })
      return {
        record: { ...user, groups: [...others, { name, id }] },
        checks: [writer.check(account, 'group', name)],
      }
    })
  },
}

/** A user who is not in the group is no error. */
export const removeUserFromGroup: Operation<Valid<RemoveUserFromGroupRequest>, void, IamDeps> = {
  name: 'RemoveUserFromGroup',
  access: onEntity('iam:RemoveUserFromGroup', 'group'),
  async handle({ GroupName, UserName }, { account }, { state, writer }) {
    find(state, account, 'user', UserName)
    const { id } = find(state, account, 'group', GroupName)
    await writer.change(account, 'user', UserName, (found) => {
      const user = existing(found, 'user', UserName)
      const groups = user.groups.filter((group) => group.id !== id)
      return groups.length === user.groups.length ? 'keep' : { record: { ...user, groups } }
    })
  },
}

export const listGroupsForUser: Operation<
  Valid<ListGroupsForUserRequest>,
  ListGroupsForUserResponse,
  IamDeps
> = {
  name: 'ListGroupsForUser',
  access: onEntity('iam:ListGroupsForUser', 'user'),
  handle(input, { account }, { state }) {
    const user = find(state, account, 'user', input.UserName)
    const groups = user.groups.flatMap(({ name, id }) => {
      const group = state.entry(account, 'group', name)?.record
      return group?.id === id ? [group] : []
    })
    const { items, page } = pageOfList(groups, ({ name }) => name.toLowerCase(), input)
    return { Groups: items.map((group) => showGroup(account, group)), ...page }
  },
}

function conflict(group: GroupRecord, members = 0): string | undefined {
  if (members > 0) return 'remove users from group'
  if (group.attached.length > 0) return 'detach all policies'
  return Object.keys(group.inline).length > 0 ? 'delete policies' : undefined
}
