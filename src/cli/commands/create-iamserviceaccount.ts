/** `create iamserviceaccount`: a role for one ServiceAccount, its policies, and the annotation that names it. */
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { readClusterConfig, refuseWithConfigFile } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { chosen } from '../name-filter.ts'
import { collect, keyValues, nameOrArgument } from '../options.ts'
import {
  configuredAccounts,
  sayWhoGetsRoles,
  serviceAccountTasks,
  type WantedServiceAccount,
} from '../service-account-tasks.ts'
import { notApproved, runTasks, showPlan } from '../tasks.ts'

interface Options {
  readonly name?: string
  readonly namespace: string
  readonly cluster?: string
  readonly region?: string
  readonly attachPolicyArn?: string[]
  readonly attachRoleArn?: string
  readonly roleName?: string
  readonly roleOnly?: boolean
  readonly permissionsBoundary?: string
  readonly labels?: Record<string, string>
  readonly tags?: Record<string, string>
  readonly overrideExistingServiceaccounts?: boolean
  readonly configFile?: string
  readonly include?: string[]
  readonly exclude?: string[]
  readonly approve?: boolean
}

export function createIamServiceAccountCommand(context: CliContext): Command {
  return new Command('iamserviceaccount')
    .alias('sa')
    .description('make a role that one ServiceAccount may assume, and annotate it')
    .argument('[name]', 'name of the ServiceAccount')
    .option('--name <name>', 'name of the ServiceAccount')
    .option('--namespace <namespace>', 'its namespace', 'default')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option(
      '--attach-policy-arn <arn>',
      'policy to attach (repeat, or separate by commas)',
      collect,
    )
    .option('--attach-role-arn <arn>', 'use this role instead of making one')
    .option('--role-name <name>', 'name of the role')
    .option('--role-only', 'make the role and leave the ServiceAccount alone')
    .option('--permissions-boundary <arn>', "the role's permissions boundary")
    .option('--labels <k=v,…>', 'labels of the ServiceAccount', keyValues)
    .option('--tags <k=v,…>', 'tags of the role', keyValues)
    .option(
      '--override-existing-serviceaccounts',
      'annotate a ServiceAccount that is there already with another role',
    )
    .option(
      '-f, --config-file <file>',
      'take all from the iam part of a ClusterConfig (`-`: stdin)',
    )
    .option('--include <globs>', 'of the file, only these: `backend/*`', collect)
    .option('--exclude <globs>', 'of the file, all but these', collect)
    .option('--approve', 'do it; without, the plan is only shown')
    .addHelpText(
      'after',
      `
Examples:
  podpass create iamserviceaccount --name my-sa --namespace default --cluster irsa \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
  podpass create iamserviceaccount -f cluster.yaml --include 'backend/*' --approve`,
    )
    .action(async (argument: string | undefined, given: Options, command: Command) => {
      const name = nameOrArgument(given.name, argument)
      const options = { ...given, ...(name && { name }) }
      const { cluster, region, wanted } = await whatIsWanted(options, command)
      const aws = awsAccess(context, command, region)
      try {
        const override = options.overrideExistingServiceaccounts ?? false
        const tasks = await serviceAccountTasks(context, aws, cluster, wanted, { override })
        if (tasks.length === 0) return
        if (!options.approve) {
          showPlan(context, `plan for cluster \`${cluster}\` (${aws.region})`, tasks)
          notApproved(context)
          return
        }
        await runTasks(context, tasks)
        sayWhoGetsRoles(context, wanted)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

interface WhatIsWanted {
  readonly cluster: string
  readonly region: string | undefined
  readonly wanted: readonly WantedServiceAccount[]
}

async function whatIsWanted(options: Options, command: Command): Promise<WhatIsWanted> {
  if (!options.configFile) return byFlags(options)
  refuseWithConfigFile(command, [
    ...['name', 'namespace', 'cluster', 'attachPolicyArn', 'attachRoleArn', 'roleName'],
    ...['roleOnly', 'permissionsBoundary', 'labels', 'tags'],
  ])
  const config = await readClusterConfig(options.configFile)
  const accounts = configuredAccounts(config)
  if (accounts.length === 0) {
    throw new CliFailure(`\`iam.serviceAccounts\` is not defined in \`${options.configFile}\``, {
      exitCode: exitCodes.usage,
    })
  }
  return {
    cluster: config.metadata.name,
    region: options.region ?? config.metadata.region,
    wanted: chosen(accounts, options),
  }
}

function byFlags(options: Options): WhatIsWanted {
  const { name, namespace, cluster, attachPolicyArn = [], attachRoleArn } = options
  if (!name || !cluster) {
    throw new CliFailure(`--${name ? 'cluster' : 'name'} is missing`, {
      exitCode: exitCodes.usage,
      hints: ['or give a ClusterConfig:    -f cluster.yaml'],
    })
  }
  if (attachPolicyArn.length === 0 && !attachRoleArn) {
    throw new CliFailure('a role without policies may do nothing', {
      exitCode: exitCodes.usage,
      hints: [
        'give --attach-policy-arn, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
        'or --attach-role-arn for a role that is there already',
      ],
    })
  }
  if (attachPolicyArn.length > 0 && attachRoleArn) {
    throw new CliFailure('cannot use --attach-policy-arn and --attach-role-arn together', {
      exitCode: exitCodes.usage,
      hints: ['the role of --attach-role-arn keeps the policies that it has'],
    })
  }
  const account: WantedServiceAccount = {
    name,
    namespace,
    policies: { attach: attachPolicyArn },
    attachRoleArn,
    roleName: options.roleName,
    permissionsBoundary: options.permissionsBoundary,
    roleOnly: options.roleOnly ?? false,
    labels: options.labels ?? {},
    annotations: {},
    tags: options.tags ?? {},
  }
  return { cluster, region: options.region, wanted: [account] }
}
