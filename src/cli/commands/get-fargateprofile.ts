/** `get fargateprofile`: which pods of a cluster run on Fargate. */
import type { FargateProfile } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { nameOrArgument } from '../options.ts'
import { type Columns, type OutputFormat, render, table } from '../render.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly name?: string
  readonly output: OutputFormat
}

export function getFargateProfileCommand(context: CliContext): Command {
  return new Command('fargateprofile')
    .alias('fargateprofiles')
    .description('list the Fargate profiles of a cluster')
    .argument('[name]', 'only this one')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('-n, --name <name>', 'only this one')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
Examples:
  podpass get fargateprofile --cluster irsa
  podpass get fargateprofile --cluster irsa -o yaml`,
    )
    .action(async (argument: string | undefined, options: Options, command: Command) => {
      const only = nameOrArgument(options.name, argument)
      const aws = awsAccess(context, command, options.region)
      try {
        await findCluster(aws, options.cluster)
        const client = await aws.eks()
        const { DescribeFargateProfileCommand, paginateListFargateProfiles } = await import(
          '@aws-sdk/client-eks'
        )
        const clusterName = options.cluster
        const names: string[] = only ? [only] : []
        if (!only) {
          for await (const page of paginateListFargateProfiles({ client }, { clusterName })) {
            names.push(...(page.fargateProfileNames ?? []))
          }
        }
        const found: Profile[] = []
        for (const fargateProfileName of names) {
          const key = { clusterName, fargateProfileName }
          const { fargateProfile } = await client.send(new DescribeFargateProfileCommand(key))
          if (fargateProfile) found.push(profileOf(fargateProfile))
        }
        const rows = found.flatMap((one) => one.selectors.map((selector) => ({ ...one, selector })))
        context.stdout.write(await render(options.output, found, () => table(columns, rows)))
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

interface Selector {
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
}

/** A profile as eksctl prints it in JSON and YAML. */
interface Profile {
  readonly name: string
  readonly podExecutionRoleARN: string
  readonly selectors: readonly Selector[]
  readonly subnets: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  readonly status: string
}

function profileOf(given: FargateProfile): Profile {
  const { tags = {} } = given
  return {
    name: given.fargateProfileName ?? '',
    podExecutionRoleARN: given.podExecutionRoleArn ?? '',
    selectors: (given.selectors ?? []).map(({ namespace = '', labels = {} }) => ({
      namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
    })),
    subnets: given.subnets ?? [],
    ...(Object.keys(tags).length > 0 && { tags }),
    status: given.status ?? '',
  }
}

/** eksctl's, a line for each selector. */
const columns: Columns<Profile & { readonly selector: Selector }> = {
  name: ({ name }) => name,
  selector_namespace: ({ selector }) => selector.namespace,
  selector_labels: ({ selector }) => pairs(selector.labels),
  pod_execution_role_arn: ({ podExecutionRoleARN }) => podExecutionRoleARN,
  subnets: ({ subnets }) => subnets.join(',') || '<none>',
  tags: ({ tags }) => pairs(tags),
  status: ({ status }) => status,
}

function pairs(values: Readonly<Record<string, string>> = {}): string {
  const found = Object.entries(values).map(([key, value]) => `${key}=${value}`)
  return found.sort().join(',') || '<none>'
}
