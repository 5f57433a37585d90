/** `create fargateprofile`: which pods of a cluster run on Fargate. */
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { checkProfile, fargateTasks, randomProfileName, type WantedProfile } from '../fargate.ts'
import { keyValues, nameOrArgument } from '../options.ts'
import { runTasks } from '../tasks.ts'

interface Options {
  readonly cluster?: string
  readonly region?: string
  readonly name?: string
  readonly namespace?: string
  readonly labels?: Record<string, string>
  readonly tags?: Record<string, string>
  readonly configFile?: string
}

export function createFargateProfileCommand(context: CliContext): Command {
  return new Command('fargateprofile')
    .description('run the pods of a namespace on Fargate')
    .argument('[name]', "the profile's name (default: a random one)")
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('-n, --name <name>', "the profile's name")
    .option('--namespace <namespace>', 'namespace of the pods (`*` and `?` stand for any text)')
    .option('-l, --labels <k=v,…>', 'labels that the pods must have', keyValues)
    .option('-t, --tags <k=v,…>', 'tags of the profile', keyValues)
    .option('-f, --config-file <file>', 'take all from a ClusterConfig (`-`: stdin)')
    .addHelpText(
      'after',
      `
Examples:
  podpass create fargateprofile --cluster irsa --namespace dev
  podpass create fargateprofile --cluster irsa --name fp-jobs --namespace jobs --labels run-on=fargate`,
    )
    .action(async (argument: string | undefined, options: Options, command: Command) => {
      const { cluster, region, profiles } = await whatIsWanted(options, argument)
      for (const profile of profiles) checkProfile(profile)
      const aws = awsAccess(context, command, region)
      try {
        await findCluster(aws, cluster)
        await runTasks(context, await fargateTasks(aws, cluster, profiles, 'later'))
        context.stderr.write('  pods made from now on that fit run on Fargate\n')
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function whatIsWanted(
  options: Options,
  argument: string | undefined,
): Promise<{ cluster: string; region: string | undefined; profiles: readonly WantedProfile[] }> {
  const { namespace, labels, tags } = options
  const name = nameOrArgument(options.name, argument)
  if (options.configFile) {
    if (name ?? namespace ?? labels) {
      throw new CliFailure('the ClusterConfig names the profiles: leave name and selector out', {
        exitCode: exitCodes.usage,
      })
    }
    const { metadata, fargateProfiles } = await readClusterConfig(options.configFile)
    const region = options.region ?? metadata.region
    return { cluster: metadata.name, region, profiles: fargateProfiles }
  }
  if (!options.cluster || !namespace) {
    throw new CliFailure(`--${options.cluster ? 'namespace' : 'cluster'} is missing`, {
      exitCode: exitCodes.usage,
      hints: ['or give a ClusterConfig:    -f cluster.yaml'],
    })
  }
  const profile: WantedProfile = {
    name: name ?? randomProfileName(),
    selectors: [{ namespace, labels }],
    tags,
  }
  return { cluster: options.cluster, region: options.region, profiles: [profile] }
}
