/** `get iamserviceaccount`: which ServiceAccounts name a role. */
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { apiFailure, clusterApi, findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { type OutputFormat, render, table } from '../render.ts'
import { roleAnnotation } from '../service-account.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly namespace?: string
  readonly name?: string
  readonly output: OutputFormat
}

export function getIamServiceAccountCommand(context: CliContext): Command {
  return new Command('iamserviceaccount')
    .alias('iamserviceaccounts')
    .alias('sa')
    .description('list the ServiceAccounts that name a role')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--namespace <namespace>', 'only of this namespace')
    .option('--name <name>', 'only with this name')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
Examples:
  podpass get iamserviceaccount --cluster irsa
  podpass get iamserviceaccount --cluster irsa -o json`,
    )
    .action(async (options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        const cluster = await findCluster(aws, options.cluster)
        const api = await clusterApi(context, aws, cluster)
        const list = await api.listServiceAccountForAllNamespaces().catch((error: unknown) => {
          throw apiFailure(error)
        })
        const found = list.items
          .map(({ metadata }) => ({
            namespace: metadata?.namespace ?? '',
            name: metadata?.name ?? '',
            roleARN: metadata?.annotations?.[roleAnnotation] ?? '',
          }))
          .filter((account) => account.roleARN !== '')
          .filter((a) => !options.namespace || a.namespace === options.namespace)
          .filter((a) => !options.name || a.name === options.name)
        const text = await render(options.output, found, () =>
          table(
            {
              namespace: (row) => row.namespace,
              name: (row) => row.name,
              'role arn': (row) => row.roleARN,
            },
            found,
          ),
        )
        context.stdout.write(text)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}
