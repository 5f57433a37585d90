/** The role behind a ServiceAccount: its name, its trust policy, its life in IAM. */
import type { IAMClient, Tag } from '@aws-sdk/client-iam'
import { isAwsError } from './aws.ts'
import { CliFailure } from './failure.ts'
import { leaveInstanceProfiles } from './instance-profile.ts'

/** What identifies one ServiceAccount of one cluster. */
export interface ServiceAccountId {
  readonly cluster: string
  readonly namespace: string
  readonly name: string
}

/** `podpass-<cluster>-<namespace>-<name>`, cut to IAM's 64 letters with a mark of what was cut. */
export async function roleNameFor({ cluster, namespace, name }: ServiceAccountId): Promise<string> {
  const full = `podpass-${cluster}-${namespace}-${name}`
  if (full.length <= 64) return full
  const { createHash } = await import('node:crypto')
  return `${full.slice(0, 55)}-${createHash('sha256').update(full).digest('hex').slice(0, 8)}`
}

/** Trust in one ServiceAccount's tokens: its name and the audience, compared letter by letter. */
export function trustPolicy(providerArn: string, id: ServiceAccountId): string {
  const issuer = providerArn.slice(providerArn.indexOf('/') + 1)
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: providerArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${issuer}:sub`]: `system:serviceaccount:${id.namespace}:${id.name}`,
            [`${issuer}:aud`]: 'sts.amazonaws.com',
          },
        },
      },
    ],
  })
}

/** The tags by which eksctl knows what it made. */
export function roleTags(id: ServiceAccountId, more: Readonly<Record<string, string>> = {}): Tag[] {
  return Object.entries({
    'alpha.eksctl.io/cluster-name': id.cluster,
    'alpha.eksctl.io/iamserviceaccount-name': `${id.namespace}/${id.name}`,
    ...more,
  }).map(([Key, Value]) => ({ Key, Value }))
}

/** What the role of a ServiceAccount says of itself; of a cluster alone: how that ends. */
export function roleDescription(id: ServiceAccountId | Pick<ServiceAccountId, 'cluster'>): string {
  const whose = 'name' in id ? `identity of the ServiceAccount ${id.namespace}/${id.name}` : ''
  return `${whose} of cluster ${id.cluster}`
}

/** Finds the OIDC provider of an issuer in the caller's account, its port there or left out; undefined when none is. */
export async function findProvider(client: IAMClient, issuer: string): Promise<string | undefined> {
  const { ListOpenIDConnectProvidersCommand } = await import('@aws-sdk/client-iam')
  const { OpenIDConnectProviderList = [] } = await client.send(
    new ListOpenIDConnectProvidersCommand({}),
  )
  const url = new URL(issuer)
  const path = url.pathname === '/' ? '' : url.pathname
  const names = [`${url.host}${path}`, `${url.hostname}${path}`]
  for (const name of names) {
    const found = OpenIDConnectProviderList.find((p) => p.Arn?.endsWith(`:oidc-provider/${name}`))
    if (found?.Arn) return found.Arn
  }
  return undefined
}

/** True of a role that carries these tags; false where there is no such role. */
export async function hasTags(
  client: IAMClient,
  roleName: string,
  tags: readonly Tag[],
): Promise<boolean> {
  const { GetRoleCommand } = await import('@aws-sdk/client-iam')
  try {
    const { Role } = await client.send(new GetRoleCommand({ RoleName: roleName }))
    const present = new Map(Role?.Tags?.map(({ Key, Value }) => [Key, Value]))
    return tags.every(({ Key, Value }) => present.get(Key) === Value)
  } catch (error) {
    if (isAwsError(error, 'NoSuchEntity')) return false
    throw error
  }
}

/**
 * Makes the role, or gives one of ours that is there already its trust back; answers the ARN. Throws a CliFailure where
 * the role was made for something else, which eksctl's own tags tell.
 */
export async function createRole(
  client: IAMClient,
  role: {
    readonly name: string
    readonly trust: string
    readonly tags: Tag[]
    readonly boundary?: string
    readonly description: string
  },
): Promise<string> {
  const { CreateRoleCommand, GetRoleCommand, UpdateAssumeRolePolicyCommand } = await import(
    '@aws-sdk/client-iam'
  )
  try {
    const { Role } = await client.send(
      new CreateRoleCommand({
        RoleName: role.name,
        AssumeRolePolicyDocument: role.trust,
        Description: role.description,
        Tags: role.tags,
        ...(role.boundary && { PermissionsBoundary: role.boundary }),
      }),
    )
    return Role?.Arn ?? ''
  } catch (error) {
    if (!isAwsError(error, 'EntityAlreadyExists')) throw error
  }
  const marks = role.tags.filter(({ Key }) => Key?.startsWith('alpha.eksctl.io/'))
  if (!(await hasTags(client, role.name, marks))) {
    throw new CliFailure(`there is an IAM role \`${role.name}\` already, made for something else`, {
      hints: ['give another name, or use the role as it is: --attach-role-arn (attachRoleARN)'],
    })
  }
  await client.send(
    new UpdateAssumeRolePolicyCommand({ RoleName: role.name, PolicyDocument: role.trust }),
  )
  const { Role } = await client.send(new GetRoleCommand({ RoleName: role.name }))
  return Role?.Arn ?? ''
}

/** Attached managed policies, by ARN, all pages. */
export async function attachedPolicies(client: IAMClient, roleName: string): Promise<string[]> {
  const { paginateListAttachedRolePolicies } = await import('@aws-sdk/client-iam')
  const arns: string[] = []
  for await (const page of paginateListAttachedRolePolicies({ client }, { RoleName: roleName })) {
    for (const policy of page.AttachedPolicies ?? [])
      if (policy.PolicyArn) arns.push(policy.PolicyArn)
  }
  return arns
}

/** Deletes a role with all that hangs on it; false when there is none. */
export async function deleteRole(client: IAMClient, roleName: string): Promise<boolean> {
  const iam = await import('@aws-sdk/client-iam')
  try {
    for (const PolicyArn of await attachedPolicies(client, roleName)) {
      await client.send(new iam.DetachRolePolicyCommand({ RoleName: roleName, PolicyArn }))
    }
    const { PolicyNames = [] } = await client.send(
      new iam.ListRolePoliciesCommand({ RoleName: roleName }),
    )
    for (const PolicyName of PolicyNames) {
      await client.send(new iam.DeleteRolePolicyCommand({ RoleName: roleName, PolicyName }))
    }
    await leaveInstanceProfiles(client, roleName)
    await client.send(new iam.DeleteRoleCommand({ RoleName: roleName }))
    return true
  } catch (error) {
    if (isAwsError(error, 'NoSuchEntity')) return false
    throw error
  }
}
