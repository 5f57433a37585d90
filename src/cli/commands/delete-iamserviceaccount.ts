/** `delete iamserviceaccount`: the role goes, and the ServiceAccount with it where we made it. */
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { apiFailure, clusterApi, findCluster, findServiceAccount } from '../cluster-access.ts'
import { readClusterConfig, refuseWithConfigFile } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { chosen } from '../name-filter.ts'
import { collect, nameOrArgument } from '../options.ts'
import { roleAnnotation } from '../service-account.ts'
import {
  deleteRole,
  hasTags,
  roleNameFor,
  roleTags,
  type ServiceAccountId,
} from '../service-account-role.ts'
import { configuredAccounts } from '../service-account-tasks.ts'
import { notApproved, runTasks, showPlan, type Task } from '../tasks.ts'

interface Options {
  readonly name?: string
  readonly namespace: string
  readonly cluster?: string
  readonly region?: string
  readonly onlyRole?: boolean
  readonly configFile?: string
  readonly include?: string[]
  readonly exclude?: string[]
  readonly approve?: boolean
}

interface Unwanted {
  readonly namespace: string
  readonly name: string
  /** Where its role has a name of its own. */
  readonly roleName?: string | undefined
}

export function deleteIamServiceAccountCommand(context: CliContext): Command {
  return new Command('iamserviceaccount')
    .alias('sa')
    .description(
      'delete the role of a ServiceAccount, and the ServiceAccount if podpass or eksctl made it',
    )
    .argument('[name]', 'name of the ServiceAccount')
    .option('--name <name>', 'name of the ServiceAccount')
    .option('--namespace <namespace>', 'its namespace', 'default')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--only-role', 'leave the ServiceAccount, take its annotation away')
    .option('-f, --config-file <file>', 'all that a ClusterConfig names (`-`: stdin)')
    .option('--include <globs>', 'of the file, only these: `backend/*`', collect)
    .option('--exclude <globs>', 'of the file, all but these', collect)
    .option('--approve', 'do it; with --name that is the default')
    .addHelpText(
      'after',
      `
Examples:
  podpass delete iamserviceaccount --name my-sa --namespace default --cluster irsa
  podpass delete iamserviceaccount -f cluster.yaml --approve`,
    )
    .action(async (argument: string | undefined, given: Options, command: Command) => {
      const name = nameOrArgument(given.name, argument)
      const options = { ...given, ...(name && { name }) }
      const { cluster, region, accounts } = await whatIsUnwanted(options, command)
      const aws = awsAccess(context, command, region)
      try {
        const tasks: Task[] = []
        for (const account of accounts) {
          tasks.push(...(await deletion(context, aws, cluster, account, options)))
        }
        if (tasks.length === 0) return
        if (options.approve || !options.configFile) {
          await runTasks(context, tasks)
        } else {
          showPlan(context, `plan for cluster \`${cluster}\` (${aws.region})`, tasks)
          notApproved(context)
        }
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function whatIsUnwanted(
  options: Options,
  command: Command,
): Promise<{ cluster: string; region: string | undefined; accounts: readonly Unwanted[] }> {
  const { name, namespace, cluster, region } = options
  if (options.configFile) {
    refuseWithConfigFile(command, ['name', 'namespace', 'cluster'])
    const config = await readClusterConfig(options.configFile)
    const accounts = chosen(configuredAccounts(config), options)
    return { cluster: config.metadata.name, region: region ?? config.metadata.region, accounts }
  }
  if (!cluster || !name) {
    throw new CliFailure(`--${name ? 'cluster' : 'name'} is missing`, {
      exitCode: exitCodes.usage,
      hints: ['or give a ClusterConfig:    -f cluster.yaml'],
    })
  }
  return { cluster, region, accounts: [{ namespace, name }] }
}

async function deletion(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
  unwanted: Unwanted,
  { onlyRole }: Options,
): Promise<Task[]> {
  const id = { cluster: clusterName, namespace: unwanted.namespace, name: unwanted.name }
  const cluster = await findCluster(aws, clusterName)
  const api = await clusterApi(context, aws, cluster)
  const account = await findServiceAccount(api, id.namespace, id.name)
  const full = `${id.namespace}/${id.name}`
  const arn = account?.metadata?.annotations?.[roleAnnotation]
  const annotated = arn?.slice(arn.lastIndexOf('/') + 1)
  const names = [annotated, unwanted.roleName, await roleNameFor(id)]
  const client = await aws.iam()
  const roleName = await ownRole(aws, id, names)
  const tasks: Task[] = []
  if (roleName) {
    tasks.push({
      mark: '-',
      what: 'IAM role',
      name: roleName,
      run: async () => {
        await deleteRole(client, roleName)
        return undefined
      },
    })
  } else {
    const left = annotated
      ? `  IAM role ${annotated} was not made for ${full} alone: left as it is\n`
      : `  there is no IAM role of ${full}\n`
    context.stderr.write(left)
  }
  if (!account) return tasks
  const { 'app.kubernetes.io/managed-by': maker } = account.metadata?.labels ?? {}
  const ours = maker === 'podpass' || maker === 'eksctl'
  const key = { namespace: id.namespace, name: id.name }
  if (ours && !onlyRole) {
    tasks.push({
      mark: '-',
      what: 'ServiceAccount',
      name: full,
      run: async () => {
        await api.deleteNamespacedServiceAccount(key).catch((error: unknown) => {
          throw apiFailure(error)
        })
        return undefined
      },
    })
  } else if (arn) {
    tasks.push({
      mark: '~',
      what: 'ServiceAccount',
      name: full,
      note: 'loses the annotation',
      run: async () => {
        const { [roleAnnotation]: _, ...annotations } = account.metadata?.annotations ?? {}
        account.metadata = { ...account.metadata, annotations }
        await api
          .replaceNamespacedServiceAccount({ ...key, body: account })
          .catch((error: unknown) => {
            throw apiFailure(error)
          })
        return `ServiceAccount ${full} names no role any more`
      },
    })
  }
  return tasks
}

/** The first of these roles that was made for this ServiceAccount; one that it was only given is left to others. */
async function ownRole(
  aws: AwsAccess,
  id: ServiceAccountId,
  names: readonly (string | undefined)[],
): Promise<string | undefined> {
  const client = await aws.iam()
  for (const name of names) {
    if (name && (await hasTags(client, name, roleTags(id)))) return name
  }
  return undefined
}
