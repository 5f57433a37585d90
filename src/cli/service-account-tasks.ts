/** The changes that give ServiceAccounts roles of their own (IRSA). */
import type { AwsAccess } from './aws.ts'
import { apiFailure, clusterApi, findCluster, findServiceAccount } from './cluster-access.ts'
import type { ClusterConfig } from './cluster-config-schema.ts'
import type { CliContext } from './context.ts'
import { CliFailure } from './failure.ts'
import { policyTasks, type RolePolicies } from './role-tasks.ts'
import { ensureServiceAccount, roleAnnotation } from './service-account.ts'
import {
  createRole,
  findProvider,
  roleDescription,
  roleNameFor,
  roleTags,
  type ServiceAccountId,
  trustPolicy,
} from './service-account-role.ts'
import type { Task } from './tasks.ts'

/** All that is wanted of one ServiceAccount. */
export interface WantedServiceAccount {
  readonly name: string
  readonly namespace: string
  readonly policies: RolePolicies
  /** A role that is there already; then none is made. */
  readonly attachRoleArn?: string | undefined
  readonly roleName?: string | undefined
  readonly roleOnly: boolean
  readonly permissionsBoundary?: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** The ServiceAccounts of a ClusterConfig; its tags are on all that is made for it, as with eksctl. */
export function configuredAccounts({ metadata, iam }: ClusterConfig): WantedServiceAccount[] {
  return iam.serviceAccounts.map((account) => ({
    name: account.metadata.name,
    namespace: account.metadata.namespace,
    policies: {
      attach: account.attachPolicyARNs,
      inline: account.attachPolicy && JSON.stringify(account.attachPolicy),
      wellKnown: account.wellKnownPolicies,
    },
    attachRoleArn: account.attachRoleARN,
    roleName: account.roleName,
    roleOnly: account.roleOnly ?? false,
    permissionsBoundary: account.permissionsBoundary,
    labels: account.metadata.labels ?? {},
    annotations: account.metadata.annotations ?? {},
    tags: { ...metadata.tags, ...account.tags },
  }))
}

/**
 * The changes that make what is wanted. A ServiceAccount that names a role already is left as it is, and said so,
 * unless `override`. Throws a CliFailure where the cluster has no IAM OIDC provider.
 */
export async function serviceAccountTasks(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
  wanted: readonly WantedServiceAccount[],
  { override }: { readonly override: boolean },
): Promise<Task[]> {
  const cluster = await findCluster(aws, clusterName)
  const provider = await findProvider(await aws.iam(), cluster.identity?.oidc?.issuer ?? '')
  if (!provider) {
    throw new CliFailure(`no IAM OIDC provider is associated with cluster \`${clusterName}\``, {
      hints: [
        `podpass utils associate-iam-oidc-provider --region=${aws.region} --cluster=${clusterName} --approve`,
      ],
    })
  }
  const tasks: Task[] = []
  for (const account of wanted) {
    tasks.push(...(await tasksFor(context, aws, { cluster, provider, account, override })))
  }
  return tasks
}

/** Says from when on the roles count. */
export function sayWhoGetsRoles(
  context: CliContext,
  accounts: readonly Pick<WantedServiceAccount, 'namespace' | 'name'>[],
): void {
  for (const { namespace, name } of accounts) {
    context.stderr.write(
      `  pods made from now on with serviceAccountName: ${name} in ${namespace} get this role (those that run already keep what they have)\n`,
    )
  }
}

async function tasksFor(
  context: CliContext,
  aws: AwsAccess,
  on: {
    readonly cluster: Awaited<ReturnType<typeof findCluster>>
    readonly provider: string
    readonly account: WantedServiceAccount
    readonly override: boolean
  },
): Promise<Task[]> {
  const { account, cluster } = on
  const { namespace, name } = account
  const id = { cluster: cluster.name ?? '', namespace, name }
  const full = `${namespace}/${name}`
  const api = account.roleOnly ? undefined : await clusterApi(context, aws, cluster)
  const present = api && (await findServiceAccount(api, namespace, name))
  const annotated = present?.metadata?.annotations?.[roleAnnotation]
  if (annotated && !on.override) {
    context.stderr.write(
      `  ServiceAccount ${full} names ${annotated} already: left as it is (--override-existing-serviceaccounts changes it)\n`,
    )
    return []
  }
  let roleArn = account.attachRoleArn ?? ''
  const tasks = account.attachRoleArn
    ? []
    : await roleTasks(aws, on.provider, account, id, (arn) => {
        roleArn = arn
      })
  if (!api) return tasks
  tasks.push({
    mark: present ? '~' : '+',
    what: 'ServiceAccount',
    name: full,
    note: 'annotated with the role',
    run: async () => {
      const annotations = { ...account.annotations, [roleAnnotation]: roleArn }
      await ensureServiceAccount(api, { ...account, annotations }).catch((error: unknown) => {
        throw apiFailure(error)
      })
      return `ServiceAccount ${full} annotated`
    },
  })
  return tasks
}

async function roleTasks(
  aws: AwsAccess,
  provider: string,
  wanted: WantedServiceAccount,
  id: ServiceAccountId,
  made: (arn: string) => void,
): Promise<Task[]> {
  const name = wanted.roleName ?? (await roleNameFor(id))
  const role: Task = {
    mark: '+',
    what: 'IAM role',
    name,
    note: `trusts system:serviceaccount:${id.namespace}:${id.name}, audience sts.amazonaws.com`,
    run: async () => {
      const arn = await createRole(await aws.iam(), {
        name,
        trust: trustPolicy(provider, id),
        tags: roleTags(id, wanted.tags),
        description: roleDescription(id),
        ...(wanted.permissionsBoundary && { boundary: wanted.permissionsBoundary }),
      })
      made(arn)
      return undefined
    },
  }
  return [role, ...policyTasks(aws, name, wanted.policies)]
}
