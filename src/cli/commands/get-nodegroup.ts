/** `get nodegroup`: the node groups of a cluster. */
import type { Nodegroup } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { type OutputFormat, render, table } from '../render.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly name?: string
  readonly output: OutputFormat
}

export function getNodegroupCommand(context: CliContext): Command {
  return new Command('nodegroup')
    .alias('nodegroups')
    .alias('ng')
    .description('list the node groups of a cluster')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('-n, --name <name>', 'only this one')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
Examples:
  podpass get nodegroup --cluster irsa
  podpass get nodegroup --cluster irsa -o json`,
    )
    .action(async (options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        await findCluster(aws, options.cluster)
        const client = await aws.eks()
        const { DescribeNodegroupCommand, paginateListNodegroups } = await import(
          '@aws-sdk/client-eks'
        )
        const clusterName = options.cluster
        const names: string[] = options.name ? [options.name] : []
        if (!options.name) {
          for await (const page of paginateListNodegroups({ client }, { clusterName })) {
            names.push(...(page.nodegroups ?? []))
          }
        }
        const found: Nodegroup[] = []
        for (const nodegroupName of names) {
          const key = { clusterName, nodegroupName }
          const { nodegroup } = await client.send(new DescribeNodegroupCommand(key))
          if (nodegroup) found.push(nodegroup)
        }
        context.stdout.write(await render(options.output, found, () => table(columns, found)))
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

/** eksctl's, and the role, which is what a pod finds in instance metadata. */
const columns: Readonly<Record<string, (group: Nodegroup) => string>> = {
  cluster: (group) => group.clusterName ?? '',
  nodegroup: (group) => group.nodegroupName ?? '',
  status: (group) => group.status ?? '',
  created: (group) => group.createdAt?.toISOString() ?? '',
  'min size': (group) => String(group.scalingConfig?.minSize ?? ''),
  'max size': (group) => String(group.scalingConfig?.maxSize ?? ''),
  desired: (group) => String(group.scalingConfig?.desiredSize ?? ''),
  'instance type': (group) => group.instanceTypes?.join(',') ?? '',
  'node role': (group) => group.nodeRole ?? '',
}
