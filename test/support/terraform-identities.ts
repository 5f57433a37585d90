/** OIDC providers, instance profiles, users, groups and access keys as Terraform's AWS provider keeps them. */
import * as iam from '@aws-sdk/client-iam'
import { found, type Resource, retag, type Tags, tagList, tagsOf } from './terraform-resource.ts'

export interface ProviderState {
  /** Without the scheme, as IAM shows it. */
  readonly url: string
  readonly clientIds: readonly string[]
  readonly thumbprints: readonly string[]
  readonly tags: Tags
}

/** aws_iam_openid_connect_provider. */
export function providerResource(
  client: iam.IAMClient,
  OpenIDConnectProviderArn: string,
): Resource<ProviderState> {
  const named = { OpenIDConnectProviderArn }
  return {
    async create({ url, clientIds, thumbprints, tags }) {
      await client.send(
        new iam.CreateOpenIDConnectProviderCommand({
          ...{ Url: `https://${url}`, ClientIDList: [...clientIds], Tags: tagList(tags) },
          ThumbprintList: [...thumbprints],
        }),
      )
    },
    async read() {
      const got = await found(client.send(new iam.GetOpenIDConnectProviderCommand(named)))
      return (
        got && {
          url: got.Url ?? '',
          clientIds: [...(got.ClientIDList ?? [])].sort(),
          thumbprints: got.ThumbprintList ?? [],
          tags: tagsOf(got.Tags),
        }
      )
    },
    async update(from, to) {
      if (from.thumbprints.join() !== to.thumbprints.join()) {
        const ThumbprintList = [...to.thumbprints]
        await client.send(
          new iam.UpdateOpenIDConnectProviderThumbprintCommand({ ...named, ThumbprintList }),
        )
      }
      for (const ClientID of to.clientIds.filter((id) => !from.clientIds.includes(id)))
        await client.send(new iam.AddClientIDToOpenIDConnectProviderCommand({ ...named, ClientID }))
      for (const ClientID of from.clientIds.filter((id) => !to.clientIds.includes(id)))
        await client.send(
          new iam.RemoveClientIDFromOpenIDConnectProviderCommand({ ...named, ClientID }),
        )
      await retag(
        from.tags,
        to.tags,
        (TagKeys) => client.send(new iam.UntagOpenIDConnectProviderCommand({ ...named, TagKeys })),
        (Tags) => client.send(new iam.TagOpenIDConnectProviderCommand({ ...named, Tags })),
      )
    },
    async delete() {
      await found(client.send(new iam.DeleteOpenIDConnectProviderCommand(named)))
    },
  }
}

export interface ProfileState {
  readonly path: string
  readonly role: string
  readonly tags: Tags
}

/** aws_iam_instance_profile: a profile whose role is gone would be emptied by the read. */
export function profileResource(
  client: iam.IAMClient,
  InstanceProfileName: string,
): Resource<ProfileState> {
  const named = { InstanceProfileName }
  const get = () => found(client.send(new iam.GetInstanceProfileCommand(named)))
  const add = (RoleName: string) =>
    client.send(new iam.AddRoleToInstanceProfileCommand({ ...named, RoleName }))
  const remove = (RoleName: string) =>
    found(client.send(new iam.RemoveRoleFromInstanceProfileCommand({ ...named, RoleName })))
  return {
    async create({ path, role, tags }) {
      const request = { ...named, Path: path, Tags: tagList(tags) }
      await client.send(new iam.CreateInstanceProfileCommand(request))
      await get()
      if (role) await add(role)
    },
    async read() {
      const profile = (await get())?.InstanceProfile
      if (!profile) return undefined
      const role = profile.Roles?.[0]?.RoleName ?? ''
      if (role) await client.send(new iam.GetRoleCommand({ RoleName: role }))
      return { path: profile.Path ?? '', role, tags: tagsOf(profile.Tags) }
    },
    async update(from, to) {
      if (from.role !== to.role) {
        if (from.role) await remove(from.role)
        if (to.role) await add(to.role)
      }
      await retag(
        from.tags,
        to.tags,
        (TagKeys) => client.send(new iam.UntagInstanceProfileCommand({ ...named, TagKeys })),
        (Tags) => client.send(new iam.TagInstanceProfileCommand({ ...named, Tags })),
      )
    },
    async delete({ role }) {
      if (role) await remove(role)
      await found(client.send(new iam.DeleteInstanceProfileCommand(named)))
    },
  }
}

export interface UserState {
  readonly name: string
  readonly path: string
  readonly boundary: string
  readonly tags: Tags
}

/** aws_iam_user with `force_destroy`: whatever hangs on the user is looked for and taken away first. */
export function userResource(client: iam.IAMClient, firstName: string): Resource<UserState> {
  let UserName = firstName
  return {
    async create({ name, path, boundary, tags }) {
      const request = { UserName: name, Path: path, Tags: tagList(tags) }
      await client.send(
        new iam.CreateUserCommand({
          ...request,
          ...(boundary && { PermissionsBoundary: boundary }),
        }),
      )
    },
    async read() {
      const user = (await found(client.send(new iam.GetUserCommand({ UserName }))))?.User
      return (
        user && {
          ...{ name: user.UserName ?? '', path: user.Path ?? '', tags: tagsOf(user.Tags) },
          boundary: user.PermissionsBoundary?.PermissionsBoundaryArn ?? '',
        }
      )
    },
    async update(from, to) {
      if (from.name !== to.name || from.path !== to.path) {
        const request = { UserName: from.name, NewUserName: to.name, NewPath: to.path }
        await client.send(new iam.UpdateUserCommand(request))
        UserName = to.name
      }
      if (from.boundary !== to.boundary) {
        const named = { UserName, PermissionsBoundary: to.boundary }
        if (to.boundary) await client.send(new iam.PutUserPermissionsBoundaryCommand(named))
        else await client.send(new iam.DeleteUserPermissionsBoundaryCommand({ UserName }))
      }
      await retag(
        from.tags,
        to.tags,
        (TagKeys) => client.send(new iam.UntagUserCommand({ UserName, TagKeys })),
        (Tags) => client.send(new iam.TagUserCommand({ UserName, Tags })),
      )
    },
    async delete({ name }) {
      const of = { UserName: name }
      const groups = await found(client.send(new iam.ListGroupsForUserCommand(of)))
      for (const { GroupName } of groups?.Groups ?? [])
        await client.send(new iam.RemoveUserFromGroupCommand({ ...of, GroupName }))
      const keys = await client.send(new iam.ListAccessKeysCommand(of))
      for (const { AccessKeyId } of keys.AccessKeyMetadata ?? [])
        await client.send(new iam.DeleteAccessKeyCommand({ ...of, AccessKeyId }))
      await client.send(new iam.ListSSHPublicKeysCommand(of))
      const assigned = { AssignmentStatus: iam.AssignmentStatusType.Assigned }
      await client.send(new iam.ListVirtualMFADevicesCommand(assigned))
      await client.send(new iam.ListMFADevicesCommand(of))
      await found(client.send(new iam.DeleteLoginProfileCommand(of)))
      await client.send(new iam.ListSigningCertificatesCommand(of))
      await client.send(new iam.ListServiceSpecificCredentialsCommand(of))
      await found(client.send(new iam.DeleteUserCommand(of)))
    },
  }
}

export interface GroupState {
  readonly path: string
  readonly users: readonly string[]
}

/** aws_iam_group and aws_iam_group_membership. */
export function groupResource(client: iam.IAMClient, GroupName: string): Resource<GroupState> {
  const add = (UserName: string) =>
    client.send(new iam.AddUserToGroupCommand({ GroupName, UserName }))
  const remove = (UserName: string) =>
    found(client.send(new iam.RemoveUserFromGroupCommand({ GroupName, UserName })))
  return {
    async create({ path, users }) {
      await client.send(new iam.CreateGroupCommand({ GroupName, Path: path }))
      for (const user of users) await add(user)
    },
    async read() {
      const got = await found(client.send(new iam.GetGroupCommand({ GroupName })))
      return (
        got && {
          path: got.Group?.Path ?? '',
          users: (got.Users ?? []).map(({ UserName = '' }) => UserName).sort(),
        }
      )
    },
    async update(from, to) {
      if (from.path !== to.path) {
        const request = { GroupName, NewGroupName: GroupName, NewPath: to.path }
        await client.send(new iam.UpdateGroupCommand(request))
      }
      for (const user of from.users.filter((name) => !to.users.includes(name))) await remove(user)
      for (const user of to.users.filter((name) => !from.users.includes(name))) await add(user)
    },
    async delete({ users }) {
      for (const user of users) await remove(user)
      await found(client.send(new iam.DeleteGroupCommand({ GroupName })))
    },
  }
}

export interface KeyState {
  readonly user: string
  readonly status: string
}

/** aws_iam_access_key; its import knows the user by GetAccessKeyLastUsed alone. */
export function keyResource(client: iam.IAMClient, UserName: string): Resource<KeyState> {
  let AccessKeyId = ''
  const setStatus = (status: string) => {
    const Status = status as iam.StatusType
    return client.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }))
  }
  return {
    async create({ status }) {
      const made = await client.send(new iam.CreateAccessKeyCommand({ UserName }))
      AccessKeyId = made.AccessKey?.AccessKeyId ?? ''
      if (!made.AccessKey?.SecretAccessKey) throw new Error('there is no secret')
      if (status === 'Inactive') await setStatus(status)
      const imported = await client.send(new iam.GetAccessKeyLastUsedCommand({ AccessKeyId }))
      if (imported.UserName !== UserName) throw new Error(`it is ${imported.UserName}'s`)
    },
    async read() {
      const all = await found(client.send(new iam.ListAccessKeysCommand({ UserName })))
      const key = all?.AccessKeyMetadata?.find((one) => one.AccessKeyId === AccessKeyId)
      return key && { user: key.UserName ?? '', status: key.Status ?? '' }
    },
    async update(from, to) {
      if (from.status !== to.status) await setStatus(to.status)
    },
    async delete() {
      await client.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId }))
    },
  }
}
