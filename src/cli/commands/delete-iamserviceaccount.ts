/** `delete iamserviceaccount`: the role goes, and the ServiceAccount with it where we made it. */
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { apiFailure, clusterApi, findCluster, findServiceAccount } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { roleAnnotation } from '../service-account.ts'
import { deleteRole, roleNameFor } from '../service-account-role.ts'
import { notApproved, runTasks, showPlan, type Task } from '../tasks.ts'

interface Options {
  readonly name?: string
  readonly namespace: string
  readonly cluster?: string
  readonly region?: string
  readonly onlyRole?: boolean
  readonly configFile?: string
  readonly approve?: boolean
}

export function deleteIamServiceAccountCommand(context: CliContext): Command {
  return new Command('iamserviceaccount')
    .alias('sa')
    .description(
      'delete the role of a ServiceAccount, and the ServiceAccount if podpass or eksctl made it',
    )
    .option('--name <name>', 'name of the ServiceAccount')
    .option('--namespace <namespace>', 'its namespace', 'default')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--only-role', 'leave the ServiceAccount, take its annotation away')
    .option('-f, --config-file <file>', 'all that a ClusterConfig names')
    .option('--approve', 'do it; with --name that is the default')
    .addHelpText(
      'after',
      `
Examples:
  podpass delete iamserviceaccount --name my-sa --namespace default --cluster irsa`,
    )
    .action(async (options: Options, command: Command) => {
      const config = options.configFile ? await readClusterConfig(options.configFile) : undefined
      const clusterName = options.cluster ?? config?.metadata.name
      const accounts = config
        ? config.iam.serviceAccounts.map((account) => account.metadata)
        : options.name
          ? [{ name: options.name, namespace: options.namespace }]
          : []
      if (!clusterName || accounts.length === 0) {
        throw new CliFailure('--name and --cluster are missing', { exitCode: exitCodes.usage })
      }
      const aws = awsAccess(context, command, options.region ?? config?.metadata.region)
      try {
        const tasks: Task[] = []
        for (const { namespace, name } of accounts) {
          const id = { cluster: clusterName, namespace, name }
          tasks.push(...(await deletion(context, aws, id, options.onlyRole ?? false)))
        }
        if (tasks.length === 0) return
        if (options.approve || !config) {
          await runTasks(context, tasks)
        } else {
          showPlan(context, `plan for cluster \`${clusterName}\``, tasks)
          notApproved(context)
        }
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function deletion(
  context: CliContext,
  aws: AwsAccess,
  id: { cluster: string; namespace: string; name: string },
  onlyRole: boolean,
): Promise<Task[]> {
  const cluster = await findCluster(aws, id.cluster)
  const api = await clusterApi(context, aws, cluster)
  const account = await findServiceAccount(api, id.namespace, id.name)
  const full = `${id.namespace}/${id.name}`
  const arn = account?.metadata?.annotations?.[roleAnnotation]
  const roleName = arn ? arn.slice(arn.lastIndexOf('/') + 1) : await roleNameFor(id)
  const client = await aws.iam()
  const tasks: Task[] = [
    {
      mark: '-',
      what: 'IAM role',
      name: roleName,
      run: async () =>
        (await deleteRole(client, roleName)) ? undefined : `there is no IAM role ${roleName}`,
    },
  ]
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
