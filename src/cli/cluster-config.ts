/** eksctl's `ClusterConfig` file: the part that IRSA needs. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { ClusterConfig, ConfiguredNodeGroup } from './cluster-config-schema.ts'
import { CliFailure, exitCodes } from './failure.ts'
import type { WantedNodeGroup } from './node-group.ts'

/** Reads and checks the file (`-` is standard input). Throws a CliFailure that names the field at fault. */
export async function readClusterConfig(path: string): Promise<ClusterConfig> {
  const { parse } = await import('yaml')
  const { clusterConfig } = await import('./cluster-config-schema.ts')
  let value: unknown
  try {
    value = parse(readFileSync(path === '-' ? 0 : path, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''
    throw new CliFailure(`cannot read \`${path}\`: ${reason}`, {
      exitCode: exitCodes.usage,
      cause,
    })
  }
  const result = clusterConfig.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new CliFailure(`\`${path}\`: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`, {
    exitCode: exitCodes.usage,
    hints: ['a ClusterConfig of eksctl.io/v1alpha5 is wanted'],
  })
}

/** A node group of the file; eksctl gives two nodes where none are counted. */
export function configuredGroup(group: ConfiguredNodeGroup): WantedNodeGroup {
  const { name, labels, disablePodIMDS } = group
  return {
    name,
    nodes: group.desiredCapacity ?? group.minSize ?? 2,
    ...(labels && { labels }),
    ...(disablePodIMDS && { disablePodIMDS }),
  }
}

/** Refuses, as eksctl does, an option that the file's own fields are for; `names` as commander knows them. */
export function refuseWithConfigFile(command: Command, names: readonly string[]): void {
  const given = command.options.find(
    (option) =>
      names.includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === 'cli',
  )
  const flag = given?.long ?? (command.args.length > 0 ? `the argument ${command.args[0]}` : '')
  if (!flag) return
  throw new CliFailure(`cannot use ${flag} when --config-file/-f is set`, {
    exitCode: exitCodes.usage,
  })
}
