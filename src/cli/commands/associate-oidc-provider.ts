/** `utils associate-iam-oidc-provider`: IAM learns to trust the cluster's issuer. */
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure, isAwsError } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { findProvider } from '../service-account-role.ts'
import { notApproved, runTasks, showPlan, type Task } from '../tasks.ts'

interface Options {
  readonly cluster?: string
  readonly region?: string
  readonly configFile?: string
  readonly approve?: boolean
}

export function associateOidcProviderCommand(context: CliContext): Command {
  return new Command('associate-iam-oidc-provider')
    .description("register the cluster's issuer with IAM, so that roles can trust its tokens")
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('-f, --config-file <file>', 'take cluster and region from a ClusterConfig')
    .option('--approve', 'do it; without, the plan is only shown')
    .addHelpText(
      'after',
      `
Examples:
  podpass utils associate-iam-oidc-provider --region=ap-northeast-1 --cluster=irsa --approve`,
    )
    .action(async (options: Options, command: Command) => {
      const config = options.configFile ? await readClusterConfig(options.configFile) : undefined
      const name = options.cluster ?? config?.metadata.name
      if (!name) throw new CliFailure('--cluster is missing', { exitCode: exitCodes.usage })
      const aws = awsAccess(context, command, options.region ?? config?.metadata.region)
      try {
        const task = await associationTask(context, aws, name)
        if (!task) return
        if (!options.approve) {
          showPlan(context, `plan for cluster \`${name}\` (${aws.region})`, [task])
          notApproved(context)
          return
        }
        await runTasks(context, [task])
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

/** The change that registers the issuer; undefined (and said so) when it is registered already. */
export async function associationTask(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
): Promise<Task | undefined> {
  const cluster = await findCluster(aws, clusterName)
  const issuer = cluster.identity?.oidc?.issuer
  if (!issuer) {
    throw new CliFailure(`cluster \`${clusterName}\` has no OIDC issuer`, {
      hints: ['look at it:    podpass get cluster'],
    })
  }
  const client = await aws.iam()
  if (await findProvider(client, issuer)) {
    context.stderr.write(`  the IAM OIDC provider of \`${clusterName}\` is associated already\n`)
    return undefined
  }
  return {
    mark: '+',
    what: 'IAM OIDC provider',
    name: issuer.replace(/^https:\/\//, ''),
    note: 'audience sts.amazonaws.com',
    run: async () => {
      const { CreateOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam')
      try {
        await client.send(
          new CreateOpenIDConnectProviderCommand({
            Url: issuer,
            ClientIDList: ['sts.amazonaws.com'],
            Tags: [{ Key: 'alpha.eksctl.io/cluster-name', Value: clusterName }],
          }),
        )
      } catch (error) {
        if (!isAwsError(error, 'EntityAlreadyExists')) throw error
      }
      return `IAM OIDC provider for cluster \`${clusterName}\` in ${aws.region}`
    },
  }
}
