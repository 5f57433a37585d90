/** `utils migrate-to-pod-identity`: from annotated ServiceAccounts (IRSA) to associations, with the roles they have. */
import type { CoreV1Api, V1ServiceAccount } from '@kubernetes/client-node'
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure, isAwsError } from '../aws.ts'
import { apiFailure, clusterApi, findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { agentTask, listAssociations } from '../pod-identity.ts'
import { roleAnnotation } from '../service-account.ts'
import { findProvider } from '../service-account-role.ts'
import { notApproved, runTasks, showPlan, type Task } from '../tasks.ts'
import { migratedTrust } from '../trust-document.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly removeOidcProviderTrustRelationship?: boolean
  readonly approve?: boolean
}

interface Annotated {
  readonly namespace: string
  readonly name: string
  readonly roleArn: string
  readonly account: V1ServiceAccount
}

export function migrateToPodIdentityCommand(context: CliContext): Command {
  return new Command('migrate-to-pod-identity')
    .description('make an association of each ServiceAccount that names a role')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option(
      '--remove-oidc-provider-trust-relationship',
      "take the cluster's OIDC provider out of the roles' trust, and the annotations away",
    )
    .option('--approve', 'do it; without, the plan is only shown')
    .addHelpText(
      'after',
      `
Examples:
  podpass utils migrate-to-pod-identity --cluster irsa
  podpass utils migrate-to-pod-identity --cluster irsa --approve`,
    )
    .action(async (options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        const tasks = await migration(context, aws, options)
        if (tasks.length === 0) {
          context.stderr.write('  no ServiceAccount is left to migrate\n')
        } else if (options.approve) {
          await runTasks(context, tasks)
          context.stderr.write('  pods made from now on use their associations\n')
        } else {
          showPlan(context, `plan for cluster \`${options.cluster}\` (${aws.region})`, tasks)
          notApproved(context)
        }
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function migration(context: CliContext, aws: AwsAccess, options: Options): Promise<Task[]> {
  const { cluster: clusterName, removeOidcProviderTrustRelationship: remove = false } = options
  const cluster = await findCluster(aws, clusterName)
  const client = await aws.eks()
  const issuer = cluster.identity?.oidc?.issuer ?? ''
  const provider = remove ? await findProvider(await aws.iam(), issuer) : undefined
  const api = await clusterApi(context, aws, cluster)
  const annotated = await annotatedAccounts(api)
  const associated = new Set(
    (await listAssociations(client, clusterName)).map((one) =>
      [one.namespace, one.serviceAccount].join('/'),
    ),
  )
  const tasks: Task[] = []
  const roles = new Set(annotated.map(({ roleArn }) => roleArn))
  const usable = new Set<string>()
  for (const roleArn of roles) {
    const task = await trustTask(context, aws, roleArn, provider)
    if (task === 'not-ours') continue
    usable.add(roleArn)
    if (task) tasks.push(task)
  }
  for (const account of annotated) {
    if (!usable.has(account.roleArn)) continue
    const whole = `${account.namespace}/${account.name}`
    if (!associated.has(whole)) tasks.push(associationTask(aws, clusterName, account))
    if (remove) tasks.push(unannotatedTask(api, account))
  }
  await noteAddons(context, aws, clusterName)
  const agent = tasks.length > 0 ? await agentTask(client, clusterName) : undefined
  return agent ? [agent, ...tasks] : tasks
}

async function annotatedAccounts(api: CoreV1Api): Promise<Annotated[]> {
  const list = await api.listServiceAccountForAllNamespaces().catch((error: unknown) => {
    throw apiFailure(error)
  })
  return list.items.flatMap((account) => {
    const { namespace = '', name = '', annotations } = account.metadata ?? {}
    const roleArn = annotations?.[roleAnnotation]
    return roleArn ? [{ namespace, name, roleArn, account }] : []
  })
}

/** The change to a role's trust; undefined: it is as it should be; `not-ours`: the role cannot be looked at. */
async function trustTask(
  context: CliContext,
  aws: AwsAccess,
  roleArn: string,
  provider: string | undefined,
): Promise<Task | 'not-ours' | undefined> {
  const RoleName = roleArn.slice(roleArn.lastIndexOf('/') + 1)
  const client = await aws.iam()
  const { GetRoleCommand, UpdateAssumeRolePolicyCommand } = await import('@aws-sdk/client-iam')
  const role = await client.send(new GetRoleCommand({ RoleName })).then(
    ({ Role }) => Role,
    (error: unknown) => {
      if (isAwsError(error, 'NoSuchEntity')) return undefined
      throw error
    },
  )
  if (role?.Arn !== roleArn) {
    context.stderr.write(`  ${roleArn} is no role of this account: left as it is\n`)
    return 'not-ours'
  }
  const trust = decodeURIComponent(role.AssumeRolePolicyDocument ?? '{}')
  const PolicyDocument = migratedTrust(trust, provider)
  if (PolicyDocument === undefined) return undefined
  return {
    mark: '~',
    what: 'trust policy',
    name: RoleName,
    note: provider
      ? "trusts pods.eks.amazonaws.com, and the cluster's OIDC provider no more"
      : 'trusts pods.eks.amazonaws.com too',
    run: async () => {
      await client.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
      return `trust policy of ${RoleName} changed`
    },
  }
}

function associationTask(aws: AwsAccess, clusterName: string, account: Annotated): Task {
  const { namespace, name: serviceAccount, roleArn } = account
  return {
    mark: '+',
    what: 'association',
    name: `${namespace}/${serviceAccount}`,
    note: roleArn,
    run: async () => {
      const { CreatePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
      const { association } = await (await aws.eks()).send(
        new CreatePodIdentityAssociationCommand({
          clusterName,
          namespace,
          serviceAccount,
          roleArn,
        }),
      )
      return `association ${association?.associationId} of ${namespace}/${serviceAccount}`
    },
  }
}

function unannotatedTask(api: CoreV1Api, { namespace, name, account }: Annotated): Task {
  return {
    mark: '~',
    what: 'ServiceAccount',
    name: `${namespace}/${name}`,
    note: 'loses the annotation',
    run: async () => {
      const { [roleAnnotation]: _, ...annotations } = account.metadata?.annotations ?? {}
      account.metadata = { ...account.metadata, annotations }
      await api
        .replaceNamespacedServiceAccount({ namespace, name, body: account })
        .catch((error: unknown) => {
          throw apiFailure(error)
        })
      return `ServiceAccount ${namespace}/${name} names no role any more`
    },
  }
}

/** An add-on that has a role by IRSA keeps it: that is said, not changed. */
async function noteAddons(context: CliContext, aws: AwsAccess, clusterName: string): Promise<void> {
  const client = await aws.eks()
  const { DescribeAddonCommand, ListAddonsCommand } = await import('@aws-sdk/client-eks')
  const { addons = [] } = await client.send(new ListAddonsCommand({ clusterName }))
  for (const addonName of addons) {
    const { addon } = await client.send(new DescribeAddonCommand({ clusterName, addonName }))
    if (!addon?.serviceAccountRoleArn) continue
    context.stderr.write(
      `  add-on ${addonName} keeps ${addon.serviceAccountRoleArn} by its ServiceAccount's annotation\n`,
    )
  }
}
