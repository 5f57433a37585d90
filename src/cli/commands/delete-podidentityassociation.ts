/** `delete podidentityassociation`: the association goes, and its role where we made it. */
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { existingAssociation, isRoleOf } from '../pod-identity.ts'
import { deleteRole, type ServiceAccountId } from '../service-account-role.ts'
import { runTasks, type Task } from '../tasks.ts'

interface Options {
  readonly cluster?: string
  readonly region?: string
  readonly namespace: string
  readonly serviceAccountName?: string
  readonly configFile?: string
}

export function deletePodIdentityAssociationCommand(context: CliContext): Command {
  return new Command('podidentityassociation')
    .alias('pia')
    .description('delete an association, and its role if podpass or eksctl made it')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--namespace <namespace>', 'namespace of the ServiceAccount', 'default')
    .option('--service-account-name <name>', 'name of the ServiceAccount')
    .option('-f, --config-file <file>', 'all that a ClusterConfig names')
    .addHelpText(
      'after',
      `
Examples:
  podpass delete podidentityassociation --cluster irsa --namespace default --service-account-name my-sa`,
    )
    .action(async (options: Options, command: Command) => {
      const config = options.configFile ? await readClusterConfig(options.configFile) : undefined
      const cluster = options.cluster ?? config?.metadata.name
      const accounts = config
        ? config.iam.podIdentityAssociations.map((one) => ({
            namespace: one.namespace,
            name: one.serviceAccountName,
          }))
        : options.serviceAccountName
          ? [{ namespace: options.namespace, name: options.serviceAccountName }]
          : []
      if (!cluster || accounts.length === 0) {
        throw new CliFailure('--service-account-name and --cluster are missing', {
          exitCode: exitCodes.usage,
        })
      }
      const aws = awsAccess(context, command, options.region ?? config?.metadata.region)
      try {
        await findCluster(aws, cluster)
        const tasks: Task[] = []
        for (const account of accounts)
          tasks.push(...(await deletion(aws, { cluster, ...account })))
        await runTasks(context, tasks)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function deletion(aws: AwsAccess, id: ServiceAccountId): Promise<Task[]> {
  const client = await aws.eks()
  const { associationId, roleArn = '' } = await existingAssociation(client, id)
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1)
  const tasks: Task[] = [
    {
      mark: '-',
      what: 'association',
      name: `${associationId} of ${id.namespace}/${id.name}`,
      run: async () => {
        const { DeletePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
        const of = { clusterName: id.cluster, associationId }
        await client.send(new DeletePodIdentityAssociationCommand(of))
        return undefined
      },
    },
  ]
  const iam = await aws.iam()
  if (!(await isRoleOf(iam, roleName, id))) return tasks
  tasks.push({
    mark: '-',
    what: 'IAM role',
    name: roleName,
    run: async () => {
      await deleteRole(iam, roleName)
      return undefined
    },
  })
  return tasks
}
