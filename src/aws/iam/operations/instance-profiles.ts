/** Instance profiles: the role of a node. */
import type {
  AddRoleToInstanceProfileRequest,
  CreateInstanceProfileRequest,
  CreateInstanceProfileResponse,
  DeleteInstanceProfileRequest,
  GetInstanceProfileRequest,
  GetInstanceProfileResponse,
  ListInstanceProfilesForRoleRequest,
  ListInstanceProfilesForRoleResponse,
  ListInstanceProfilesRequest,
  ListInstanceProfilesResponse,
  RemoveRoleFromInstanceProfileRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { entityNeed, onEntity, onList, onNewEntity } from '../access.ts'
import { type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find } from '../find.ts'
import { newId } from '../ids.ts'
import { markedKey, pageOf, pageOfList, underPath } from '../paging.ts'
import type { InstanceProfileRecord } from '../records.ts'
import { roleOfProfile, showInstanceProfile, showWholeInstanceProfile } from '../show.ts'
import { readTags, showTags } from '../tags.ts'

export const createInstanceProfile: Operation<
  Valid<CreateInstanceProfileRequest>,
  CreateInstanceProfileResponse,
  IamDeps
> = {
  name: 'CreateInstanceProfile',
  access: onNewEntity('iam:CreateInstanceProfile', 'instance-profile', 'iam:TagInstanceProfile'),
  async handle(input, { account, at }, { state, writer, quotas }) {
    const name = input.InstanceProfileName
    const profile: InstanceProfileRecord = {
      name,
      path: input.Path ?? '/',
      id: newId('instance-profile', account),
      createdAt: secondsOf(at),
      ...readTags(input.Tags, 'differs'),
    }
    const message = `Instance Profile ${name} already exists.`
    if (state.entry(account, 'instance-profile', name)) {
      throw refuse.EntityAlreadyExists({}, { message })
    }
    const limit = quotas.instanceProfilesPerAccount
    if ((state.account(account)?.entities['instance-profile'].size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'InstanceProfilesPerAccount', limit })
    }
    if (!(await writer.create(account, 'instance-profile', name, profile))) {
      throw refuse.EntityAlreadyExists({}, { message })
    }
    const shown = showInstanceProfile(state, account, profile)
    return { InstanceProfile: { ...shown, ...(profile.tags && { Tags: showTags(profile.tags) }) } }
  },
}

export const getInstanceProfile: Operation<
  Valid<GetInstanceProfileRequest>,
  GetInstanceProfileResponse,
  IamDeps
> = {
  name: 'GetInstanceProfile',
  access: onEntity('iam:GetInstanceProfile', 'instance-profile'),
  handle({ InstanceProfileName }, { account }, { state }) {
    const profile = find(state, account, 'instance-profile', InstanceProfileName)
    return { InstanceProfile: showWholeInstanceProfile(state, account, profile) }
  },
}

export const listInstanceProfiles: Operation<
  Valid<ListInstanceProfilesRequest>,
  ListInstanceProfilesResponse,
  IamDeps
> = {
  name: 'ListInstanceProfiles',
  access: onList('iam:ListInstanceProfiles', 'instance-profile'),
  handle(input, { account }, { state }) {
    const all = state.account(account)?.entities['instance-profile'].after(markedKey(input)) ?? []
    const { items, page } = pageOf(underPath(all, input.PathPrefix), input)
    return {
      InstanceProfiles: items.map((profile) => showInstanceProfile(state, account, profile)),
      ...page,
    }
  },
}

export const listInstanceProfilesForRole: Operation<
  Valid<ListInstanceProfilesForRoleRequest>,
  ListInstanceProfilesForRoleResponse,
  IamDeps
> = {
  name: 'ListInstanceProfilesForRole',
  access: onEntity('iam:ListInstanceProfilesForRole', 'role'),
  handle(input, { account }, { state }) {
    const role = find(state, account, 'role', input.RoleName)
    const here = state.account(account)
    const profiles = [...(here?.profilesOf.of(role.name.toLowerCase()) ?? [])]
      .flatMap((key) => here?.entities['instance-profile'].get(key)?.record ?? [])
      .filter((profile) => profile.role?.id === role.id)
    const { items, page } = pageOfList(profiles, ({ name }) => name.toLowerCase(), input)
    return {
      InstanceProfiles: items.map((profile) => showInstanceProfile(state, account, profile)),
      ...page,
    }
  },
}

export const deleteInstanceProfile: Operation<
  Valid<DeleteInstanceProfileRequest>,
  void,
  IamDeps
> = {
  name: 'DeleteInstanceProfile',
  access: onEntity('iam:DeleteInstanceProfile', 'instance-profile'),
  async handle({ InstanceProfileName: name }, { account }, { state, writer }) {
    await writer.change(account, 'instance-profile', name, (found) => {
      const profile = existing(found, 'instance-profile', name)
      if (roleOfProfile(state, account, profile)) {
        const message = 'Cannot delete entity, must remove roles from instance profile first.'
        throw refuse.DeleteConflict({}, { message })
      }
      return 'delete'
    })
  },
}

/** A profile has one role; the caller must be allowed to pass it to EC2. */
export const addRoleToInstanceProfile: Operation<
  Valid<AddRoleToInstanceProfileRequest>,
  void,
  IamDeps
> = {
  name: 'AddRoleToInstanceProfile',
  access({ InstanceProfileName, RoleName }, call, { state }) {
    const action = 'iam:AddRoleToInstanceProfile'
    const pass = entityNeed('iam:PassRole', 'role', RoleName, {}, call, state)
    const context = { ...pass.context, 'iam:PassedToService': 'ec2.amazonaws.com' }
    return [
      entityNeed(action, 'instance-profile', InstanceProfileName, {}, call, state),
      { ...pass, context },
    ]
  },
  async handle({ InstanceProfileName, RoleName }, { account }, { state, writer }) {
    const { id, name } = find(state, account, 'role', RoleName)
    await writer.change(account, 'instance-profile', InstanceProfileName, (found) => {
      const profile = existing(found, 'instance-profile', InstanceProfileName)
      if (roleOfProfile(state, account, profile)) {
        throw refuse.LimitExceeded({ quota: 'InstanceSessionsPerInstanceProfile', limit: 1 })
      }
      return {
        record: { ...profile, role: { name, id } },
        checks: [writer.check(account, 'role', name)],
      }
    })
  },
}

export const removeRoleFromInstanceProfile: Operation<
  Valid<RemoveRoleFromInstanceProfileRequest>,
  void,
  IamDeps
> = {
  name: 'RemoveRoleFromInstanceProfile',
  access: onEntity('iam:RemoveRoleFromInstanceProfile', 'instance-profile'),
  async handle({ InstanceProfileName, RoleName }, { account }, { state, writer }) {
    find(state, account, 'role', RoleName)
    await writer.change(account, 'instance-profile', InstanceProfileName, (found) => {
      const { role, ...rest } = existing(found, 'instance-profile', InstanceProfileName)
      if (role?.name.toLowerCase() !== RoleName.toLowerCase()) {
        const message = `Role ${RoleName} in Instance Profile ${InstanceProfileName} cannot be found.`
        throw refuse.NoSuchEntity({}, { message })
      }
      return { record: rest }
    })
  },
}
