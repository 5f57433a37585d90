/** `create iamserviceaccount`: a role for one ServiceAccount, its policies, and the annotation that names it. */
import { Command } from 'commander'
import type { AwsAccess } from '../aws.ts'
import { awsAccess, awsFailure } from '../aws.ts'
import { apiFailure, clusterApi, findCluster, findServiceAccount } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { collect, keyValues } from '../options.ts'
import { policyTasks } from '../role-tasks.ts'
import { ensureServiceAccount, roleAnnotation } from '../service-account.ts'
import {
  createRole,
  findProvider,
  roleNameFor,
  roleTags,
  trustPolicy,
} from '../service-account-role.ts'
import { notApproved, runTasks, showPlan, type Task } from '../tasks.ts'

/** All that is wanted of one ServiceAccount. */
export interface WantedServiceAccount {
  readonly name: string
  readonly namespace: string
  readonly attachPolicyArns: readonly string[]
  readonly inlinePolicy?: string
  readonly attachRoleArn?: string
  readonly roleName?: string
  readonly roleOnly: boolean
  readonly permissionsBoundary?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

interface Options {
  readonly name?: string
  readonly namespace: string
  readonly cluster?: string
  readonly region?: string
  readonly attachPolicyArn?: string[]
  readonly attachRoleArn?: string
  readonly roleName?: string
  readonly roleOnly?: boolean
  readonly permissionsBoundary?: string
  readonly labels?: Record<string, string>
  readonly tags?: Record<string, string>
  readonly overrideExistingServiceaccounts?: boolean
  readonly configFile?: string
  readonly approve?: boolean
}

export function createIamServiceAccountCommand(context: CliContext): Command {
  return new Command('iamserviceaccount')
    .alias('sa')
    .description('make a role that one ServiceAccount may assume, and annotate it')
    .option('--name <name>', 'name of the ServiceAccount')
    .option('--namespace <namespace>', 'its namespace', 'default')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option(
      '--attach-policy-arn <arn>',
      'policy to attach (repeat, or separate by commas)',
      collect,
    )
    .option('--attach-role-arn <arn>', 'use this role instead of making one')
    .option('--role-name <name>', 'name of the role')
    .option('--role-only', 'make the role and leave the ServiceAccount alone')
    .option('--permissions-boundary <arn>', "the role's permissions boundary")
    .option('--labels <k=v,…>', 'labels of the ServiceAccount', keyValues)
    .option('--tags <k=v,…>', 'tags of the role', keyValues)
    .option(
      '--override-existing-serviceaccounts',
      'annotate a ServiceAccount that is there already with another role',
    )
    .option(
      '-f, --config-file <file>',
      'take all from the iam part of a ClusterConfig (`-`: stdin)',
    )
    .option('--approve', 'do it; without, the plan is only shown')
    .addHelpText(
      'after',
      `
Examples:
  podpass create iamserviceaccount --name my-sa --namespace default --cluster irsa \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
  podpass create iamserviceaccount -f cluster.yaml --approve`,
    )
    .action(async (options: Options, command: Command) => {
      const { cluster, region, wanted } = await whatIsWanted(options)
      const aws = awsAccess(context, command, region)
      try {
        await create(context, aws, cluster, wanted, options)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function whatIsWanted(
  options: Options,
): Promise<{ cluster: string; region: string | undefined; wanted: WantedServiceAccount[] }> {
  if (options.configFile) {
    const config = await readClusterConfig(options.configFile)
    const wanted = config.iam.serviceAccounts.map(
      (account): WantedServiceAccount => ({
        name: account.metadata.name,
        namespace: account.metadata.namespace,
        attachPolicyArns: account.attachPolicyARNs,
        ...(account.attachPolicy && { inlinePolicy: JSON.stringify(account.attachPolicy) }),
        ...(account.attachRoleARN && { attachRoleArn: account.attachRoleARN }),
        ...(account.roleName && { roleName: account.roleName }),
        ...(account.permissionsBoundary && { permissionsBoundary: account.permissionsBoundary }),
        roleOnly: account.roleOnly ?? false,
        labels: account.metadata.labels ?? {},
        annotations: account.metadata.annotations ?? {},
        tags: account.tags ?? {},
      }),
    )
    return {
      cluster: config.metadata.name,
      region: options.region ?? config.metadata.region,
      wanted,
    }
  }
  const { name, cluster, attachPolicyArn = [] } = options
  if (!name || !cluster) {
    throw new CliFailure(`--${name ? 'cluster' : 'name'} is missing`, {
      exitCode: exitCodes.usage,
      hints: ['or give a ClusterConfig:    -f cluster.yaml'],
    })
  }
  if (attachPolicyArn.length === 0 && !options.attachRoleArn) {
    throw new CliFailure('a role without policies may do nothing', {
      exitCode: exitCodes.usage,
      hints: [
        'give --attach-policy-arn, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
        'or --attach-role-arn for a role that is there already',
      ],
    })
  }
  const { attachRoleArn, roleName, permissionsBoundary } = options
  return {
    cluster,
    region: options.region,
    wanted: [
      {
        name,
        namespace: options.namespace,
        attachPolicyArns: attachPolicyArn,
        ...(attachRoleArn && { attachRoleArn }),
        ...(roleName && { roleName }),
        ...(permissionsBoundary && { permissionsBoundary }),
        roleOnly: options.roleOnly ?? false,
        labels: options.labels ?? {},
        annotations: {},
        tags: options.tags ?? {},
      },
    ],
  }
}

async function create(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
  wanted: readonly WantedServiceAccount[],
  options: Options,
): Promise<void> {
  const cluster = await findCluster(aws, clusterName)
  const issuer = cluster.identity?.oidc?.issuer ?? ''
  const provider = await findProvider(await aws.iam(), issuer)
  if (!provider) {
    throw new CliFailure(`no IAM OIDC provider is associated with cluster \`${clusterName}\``, {
      hints: [
        `podpass utils associate-iam-oidc-provider --region=${aws.region} --cluster=${clusterName} --approve`,
      ],
    })
  }
  const tasks: Task[] = []
  for (const account of wanted) {
    tasks.push(...(await tasksFor(context, aws, cluster, provider, account, options)))
  }
  if (tasks.length === 0) return
  if (!options.approve) {
    showPlan(context, `plan for cluster \`${clusterName}\` (${aws.region})`, tasks)
    notApproved(context)
    return
  }
  await runTasks(context, tasks)
  for (const { namespace, name, roleOnly } of wanted) {
    if (roleOnly) continue
    context.stderr.write(
      `  pods made from now on with serviceAccountName: ${name} in ${namespace} get this role (those that run already keep what they have)\n`,
    )
  }
}

async function tasksFor(
  context: CliContext,
  aws: AwsAccess,
  cluster: Awaited<ReturnType<typeof findCluster>>,
  provider: string,
  wanted: WantedServiceAccount,
  options: Options,
): Promise<Task[]> {
  const id = { cluster: cluster.name ?? '', namespace: wanted.namespace, name: wanted.name }
  const full = `${wanted.namespace}/${wanted.name}`
  const api = wanted.roleOnly ? undefined : await clusterApi(context, aws, cluster)
  const present = api && (await findServiceAccount(api, wanted.namespace, wanted.name))
  const annotated = present?.metadata?.annotations?.[roleAnnotation]
  if (present && annotated && !options.overrideExistingServiceaccounts) {
    context.stderr.write(
      `  ServiceAccount ${full} names ${annotated} already: left as it is (--override-existing-serviceaccounts changes it)\n`,
    )
    return []
  }
  let roleArn = wanted.attachRoleArn
  const tasks: Task[] = []
  if (!roleArn) {
    const roleName = wanted.roleName ?? (await roleNameFor(id))
    tasks.push(...roleTasks(aws, provider, wanted, id, roleName, (arn) => (roleArn = arn)))
  }
  if (api) {
    tasks.push({
      mark: present ? '~' : '+',
      what: 'ServiceAccount',
      name: full,
      note: 'annotated with the role',
      run: async () => {
        const annotations = { ...wanted.annotations, [roleAnnotation]: roleArn ?? '' }
        await ensureServiceAccount(api, { ...wanted, annotations }).catch((error: unknown) => {
          throw apiFailure(error)
        })
        return `ServiceAccount ${full} annotated`
      },
    })
  }
  return tasks
}

function roleTasks(
  aws: AwsAccess,
  provider: string,
  wanted: WantedServiceAccount,
  id: { cluster: string; namespace: string; name: string },
  roleName: string,
  made: (arn: string) => void,
): Task[] {
  const tasks: Task[] = [
    {
      mark: '+',
      what: 'IAM role',
      name: roleName,
      note: `trusts system:serviceaccount:${id.namespace}:${id.name}, audience sts.amazonaws.com`,
      run: async () => {
        const arn = await createRole(await aws.iam(), {
          name: roleName,
          trust: trustPolicy(provider, id),
          tags: roleTags(id, wanted.tags),
          description: `identity of the ServiceAccount ${id.namespace}/${id.name} of cluster ${id.cluster}`,
          ...(wanted.permissionsBoundary && { boundary: wanted.permissionsBoundary }),
        })
        made(arn)
        return undefined
      },
    },
  ]
  return [
    ...tasks,
    ...policyTasks(aws, roleName, {
      attach: wanted.attachPolicyArns,
      inline: wanted.inlinePolicy,
    }),
  ]
}
