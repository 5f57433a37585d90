/** `get cluster`: the clusters of a region. */
import type { Cluster, EKSClient } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { type OutputFormat, render, table } from '../render.ts'

interface Options {
  readonly name?: string
  readonly region?: string
  readonly output: OutputFormat
}

export function getClusterCommand(context: CliContext): Command {
  return new Command('cluster')
    .alias('clusters')
    .description('list clusters')
    .argument('[name]', 'only this one')
    .option('-n, --name <name>', 'only this one')
    .option('-r, --region <region>', 'AWS region')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
Examples:
  podpass get cluster
  podpass get cluster irsa -o json`,
    )
    .action(async (argument: string | undefined, options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      const one = argument ?? options.name
      try {
        const clusters: Cluster[] = []
        for (const name of one ? [one] : await clusterNames(await aws.eks())) {
          clusters.push(await findCluster(aws, name))
        }
        const text = await render(options.output, clusters, () =>
          table(
            {
              name: (row) => row.name ?? '',
              version: (row) => row.version ?? '',
              status: (row) => row.status ?? '',
              created: (row) => row.createdAt?.toISOString() ?? '',
              issuer: (row) => row.identity?.oidc?.issuer ?? '',
            },
            clusters,
          ),
        )
        context.stdout.write(text)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function clusterNames(client: EKSClient): Promise<string[]> {
  const { paginateListClusters } = await import('@aws-sdk/client-eks')
  const names: string[] = []
  for await (const page of paginateListClusters({ client }, {}))
    names.push(...(page.clusters ?? []))
  return names
}
