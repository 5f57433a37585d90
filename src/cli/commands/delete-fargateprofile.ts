/** `delete fargateprofile`: the profile goes with the pods that run by it, and the role that was made for the last. */
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { untilGone } from '../eks-status.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { roleOfFargateAlone } from '../fargate.ts'
import { nameOrArgument } from '../options.ts'
import { deleteRole } from '../service-account-role.ts'
import { runTasks, type Task } from '../tasks.ts'

interface Options {
  readonly cluster?: string
  readonly region?: string
  readonly name?: string
  readonly configFile?: string
}

export function deleteFargateProfileCommand(context: CliContext): Command {
  return new Command('fargateprofile')
    .description('delete a Fargate profile, with the pods that run by it')
    .argument('[name]', "the profile's name")
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('-n, --name <name>', "the profile's name")
    .option('-f, --config-file <file>', 'take cluster and region from a ClusterConfig')
    .option('-w, --wait', 'wait until it is gone (always so)')
    .addHelpText(
      'after',
      `
Examples:
  podpass delete fargateprofile --cluster irsa --name fp-default`,
    )
    .action(async (argument: string | undefined, options: Options, command: Command) => {
      const config = options.configFile ? await readClusterConfig(options.configFile) : undefined
      const cluster = options.cluster ?? config?.metadata.name
      const name = nameOrArgument(options.name, argument)
      if (!cluster || !name) {
        throw new CliFailure(`--${cluster ? 'name' : 'cluster'} is missing`, {
          exitCode: exitCodes.usage,
        })
      }
      const aws = awsAccess(context, command, options.region ?? config?.metadata.region)
      try {
        await findCluster(aws, cluster)
        await runTasks(context, [profileDeletion(aws, cluster, name)])
        await runTasks(context, await roleDeletion(aws, cluster))
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

/** The change that deletes a cluster's profile. */
export function profileDeletion(aws: AwsAccess, clusterName: string, name: string): Task {
  return {
    mark: '-',
    what: 'Fargate profile',
    name,
    run: async () => {
      const api = await import('@aws-sdk/client-eks')
      const eks = await aws.eks()
      const key = { clusterName, fargateProfileName: name }
      await eks.send(new api.DeleteFargateProfileCommand(key))
      await untilGone(() => eks.send(new api.DescribeFargateProfileCommand(key)))
      return undefined
    },
  }
}

async function roleDeletion(aws: AwsAccess, clusterName: string): Promise<Task[]> {
  const { ListFargateProfilesCommand } = await import('@aws-sdk/client-eks')
  const left = await (await aws.eks()).send(new ListFargateProfilesCommand({ clusterName }))
  if (left.fargateProfileNames?.length) return []
  const role = await roleOfFargateAlone(aws, clusterName)
  if (!role) return []
  return [
    {
      mark: '-',
      what: 'pod execution role',
      name: role,
      run: async () => {
        await deleteRole(await aws.iam(), role)
        return undefined
      },
    },
  ]
}
