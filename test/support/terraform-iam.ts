/** Roles and policies as Terraform's AWS provider keeps them. */
import * as iam from '@aws-sdk/client-iam'
import {
  documentOf,
  found,
  type Resource,
  retag,
  type Tags,
  tagList,
  tagsOf,
} from './terraform-resource.ts'

export interface RoleState {
  readonly path: string
  readonly description: string
  readonly trust: string
  readonly maxSessionDuration: number
  readonly boundary: string
  readonly inline: Readonly<Record<string, string>>
  readonly attached: readonly string[]
  readonly tags: Tags
}

/** aws_iam_role, with the inline policies and attachments that it shows. */
export function roleResource(client: iam.IAMClient, RoleName: string): Resource<RoleState> {
  const detach = async (arns: readonly string[]) => {
    for (const PolicyArn of arns)
      await found(client.send(new iam.DetachRolePolicyCommand({ RoleName, PolicyArn })))
  }
  return {
    async create({ path, description, trust, maxSessionDuration, boundary, tags }) {
      await client.send(
        new iam.CreateRoleCommand({
          ...{ RoleName, Path: path, AssumeRolePolicyDocument: trust },
          ...(description && { Description: description }),
          MaxSessionDuration: maxSessionDuration,
          ...(boundary && { PermissionsBoundary: boundary }),
          Tags: tagList(tags),
        }),
      )
    },
    async read() {
      const got = await found(client.send(new iam.GetRoleCommand({ RoleName })))
      if (!got?.Role) return undefined
      const { Role } = got
      const inline: Record<string, string> = {}
      const { PolicyNames = [] } = await client.send(new iam.ListRolePoliciesCommand({ RoleName }))
      for (const PolicyName of PolicyNames) {
        const policy = await client.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName }))
        inline[PolicyName] = documentOf(policy.PolicyDocument)
      }
      const attached: string[] = []
      for await (const page of iam.paginateListAttachedRolePolicies({ client }, { RoleName }))
        attached.push(...(page.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => PolicyArn))
      return {
        path: Role.Path ?? '',
        description: Role.Description ?? '',
        trust: documentOf(Role.AssumeRolePolicyDocument),
        maxSessionDuration: Role.MaxSessionDuration ?? 0,
        boundary: Role.PermissionsBoundary?.PermissionsBoundaryArn ?? '',
        ...{ inline, attached: attached.sort(), tags: tagsOf(Role.Tags) },
      }
    },
    async update(from, to) {
      const changed = (name: keyof RoleState) => from[name] !== to[name]
      if (changed('trust')) {
        const PolicyDocument = to.trust
        await client.send(new iam.UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
      }
      if (changed('description')) {
        const Description = to.description
        await client.send(new iam.UpdateRoleDescriptionCommand({ RoleName, Description }))
      }
      if (changed('maxSessionDuration')) {
        const MaxSessionDuration = to.maxSessionDuration
        await client.send(new iam.UpdateRoleCommand({ RoleName, MaxSessionDuration }))
      }
      if (changed('boundary')) {
        const named = { RoleName, PermissionsBoundary: to.boundary }
        if (to.boundary) await client.send(new iam.PutRolePermissionsBoundaryCommand(named))
        else await client.send(new iam.DeleteRolePermissionsBoundaryCommand({ RoleName }))
      }
      for (const PolicyName of Object.keys(from.inline))
        if (to.inline[PolicyName] !== from.inline[PolicyName])
          await client.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName }))
      for (const [PolicyName, PolicyDocument] of Object.entries(to.inline))
        if (from.inline[PolicyName] !== PolicyDocument)
          await client.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }))
      await detach(from.attached.filter((arn) => !to.attached.includes(arn)))
      for (const PolicyArn of to.attached.filter((arn) => !from.attached.includes(arn)))
        await client.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }))
      await retag(
        from.tags,
        to.tags,
        (TagKeys) => client.send(new iam.UntagRoleCommand({ RoleName, TagKeys })),
        (Tags) => client.send(new iam.TagRoleCommand({ RoleName, Tags })),
      )
    },
    async delete({ attached, inline }) {
      const profiles = await found(
        client.send(new iam.ListInstanceProfilesForRoleCommand({ RoleName })),
      )
      for (const { InstanceProfileName } of profiles?.InstanceProfiles ?? []) {
        const of = { RoleName, InstanceProfileName }
        await found(client.send(new iam.RemoveRoleFromInstanceProfileCommand(of)))
      }
      await detach(attached)
      for (const PolicyName of Object.keys(inline))
        await found(client.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName })))
      await found(client.send(new iam.DeleteRoleCommand({ RoleName })))
    },
  }
}

export interface PolicyState {
  readonly path: string
  readonly description: string
  readonly document: string
  readonly tags: Tags
}

/** aws_iam_policy: another document is another version, put in force by a second call; the fifth is the last. */
export function policyResource(client: iam.IAMClient, PolicyArn: string): Resource<PolicyState> {
  const versions = async () => {
    const all = await found(client.send(new iam.ListPolicyVersionsCommand({ PolicyArn })))
    return all?.Versions
  }
  const remove = (VersionId: string | undefined) =>
    client.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId }))
  return {
    async create({ path, description, document, tags }) {
      const made = await client.send(
        new iam.CreatePolicyCommand({
          // Sent also where there is none.
          ...{ Description: description, Path: path, PolicyDocument: document },
          PolicyName: PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1),
          Tags: tagList(tags),
        }),
      )
      if (made.Policy?.Arn !== PolicyArn) throw new Error(`its ARN is ${made.Policy?.Arn}`)
    },
    async read() {
      const got = await found(client.send(new iam.GetPolicyCommand({ PolicyArn })))
      if (!got?.Policy) return undefined
      const { Policy } = got
      const VersionId = Policy.DefaultVersionId
      const version = await client.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId }))
      return {
        path: Policy.Path ?? '',
        description: Policy.Description ?? '',
        document: documentOf(version.PolicyVersion?.Document),
        tags: tagsOf(Policy.Tags),
      }
    },
    async update(from, to) {
      if (from.document !== to.document) {
        const all = (await versions()) ?? []
        const [oldest] = all
          .filter(({ IsDefaultVersion }) => !IsDefaultVersion)
          .sort((a, b) => Number(a.CreateDate) - Number(b.CreateDate))
        if (all.length >= 5) await remove(oldest?.VersionId)
        const made = await client.send(
          new iam.CreatePolicyVersionCommand({
            ...{ PolicyArn, PolicyDocument: to.document, SetAsDefault: false },
          }),
        )
        const VersionId = made.PolicyVersion?.VersionId
        await client.send(new iam.SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }))
      }
      await retag(
        from.tags,
        to.tags,
        (TagKeys) => client.send(new iam.UntagPolicyCommand({ PolicyArn, TagKeys })),
        (Tags) => client.send(new iam.TagPolicyCommand({ PolicyArn, Tags })),
      )
    },
    async delete() {
      for (const { IsDefaultVersion, VersionId } of (await versions()) ?? [])
        if (!IsDefaultVersion) await remove(VersionId)
      await found(client.send(new iam.DeletePolicyCommand({ PolicyArn })))
    },
  }
}
