/** `create podidentityassociation`: a role for one ServiceAccount by EKS Pod Identity, and what it needs. */
import { Command } from 'commander'
import {
  configuredAssociation,
  createAssociations,
  type WantedAssociation,
} from '../association-tasks.ts'
import { awsAccess, awsFailure } from '../aws.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { collect, keyValues } from '../options.ts'
import { sayWhoGetsRoles } from '../service-account-tasks.ts'

interface Options {
  readonly cluster?: string
  readonly region?: string
  readonly namespace: string
  readonly serviceAccountName?: string
  readonly roleArn?: string
  readonly roleName?: string
  readonly permissionPolicyArns?: string[]
  readonly permissionsBoundaryArn?: string
  readonly targetRoleArn?: string
  readonly disableSessionTags?: boolean
  readonly createServiceAccount?: boolean
  readonly tags?: Record<string, string>
  readonly configFile?: string
}

export function createPodIdentityAssociationCommand(context: CliContext): Command {
  return new Command('podidentityassociation')
    .alias('pia')
    .description('give the pods of one ServiceAccount a role by EKS Pod Identity')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--namespace <namespace>', 'namespace of the ServiceAccount', 'default')
    .option('--service-account-name <name>', 'name of the ServiceAccount')
    .option('--role-arn <arn>', 'use this role instead of making one')
    .option('--role-name <name>', 'name of the role')
    .option(
      '--permission-policy-arns <arns>',
      'policies of the role (repeat, or separate by commas)',
      collect,
    )
    .option('--permissions-boundary-arn <arn>', "the role's permissions boundary")
    .option('--target-role-arn <arn>', 'a role, also of another account, that the role assumes')
    .option('--disable-session-tags', 'sessions without tags of cluster, namespace and pod')
    .option('--create-service-account', 'make the ServiceAccount too')
    .option('--tags <k=v,…>', 'tags of role and association', keyValues)
    .option('-f, --config-file <file>', 'take all from a ClusterConfig (`-`: stdin)')
    .addHelpText(
      'after',
      `
Examples:
  podpass create podidentityassociation --cluster irsa --namespace default \\
    --service-account-name my-sa --create-service-account \\
    --permission-policy-arns arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`,
    )
    .action(async (options: Options, command: Command) => {
      const { cluster, region, wanted } = await whatIsWanted(options)
      const aws = awsAccess(context, command, region)
      try {
        await createAssociations(context, aws, cluster, wanted)
        sayWhoGetsRoles(context, wanted)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function whatIsWanted(
  options: Options,
): Promise<{ cluster: string; region: string | undefined; wanted: WantedAssociation[] }> {
  if (options.configFile) {
    const config = await readClusterConfig(options.configFile)
    const wanted = config.iam.podIdentityAssociations.map(configuredAssociation)
    const region = options.region ?? config.metadata.region
    return { cluster: config.metadata.name, region, wanted }
  }
  const { cluster, serviceAccountName: name, namespace, roleArn } = options
  if (!name || !cluster) {
    throw new CliFailure(`--${name ? 'cluster' : 'service-account-name'} is missing`, {
      exitCode: exitCodes.usage,
      hints: ['or give a ClusterConfig:    -f cluster.yaml'],
    })
  }
  const attach = options.permissionPolicyArns ?? []
  if (attach.length === 0 && !roleArn && !options.targetRoleArn) {
    throw new CliFailure('a role without policies may do nothing', {
      exitCode: exitCodes.usage,
      hints: [
        'give --permission-policy-arns, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
        'or --role-arn for a role that is there already',
      ],
    })
  }
  const wanted: WantedAssociation = {
    namespace,
    name,
    roleArn,
    roleName: options.roleName,
    attach,
    boundary: options.permissionsBoundaryArn,
    targetRoleArn: options.targetRoleArn,
    disableSessionTags: options.disableSessionTags,
    createServiceAccount: options.createServiceAccount ?? false,
    tags: options.tags ?? {},
  }
  return { cluster, region: options.region, wanted: [wanted] }
}
