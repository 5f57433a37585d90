/** `create podidentityassociation`: a role for one ServiceAccount by EKS Pod Identity, and what it needs. */
import { Command } from 'commander'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { apiFailure, clusterApi, findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { collect, keyValues } from '../options.ts'
import {
  agentTask,
  findAssociation,
  podIdentityRoleName,
  podIdentityRoleTags,
  podIdentityTrust,
} from '../pod-identity.ts'
import { policyTasks } from '../role-tasks.ts'
import { ensureServiceAccount } from '../service-account.ts'
import { createRole, type ServiceAccountId } from '../service-account-role.ts'
import { runTasks, type Task } from '../tasks.ts'

/** All that is wanted of one association. */
interface Wanted {
  readonly namespace: string
  readonly name: string
  readonly roleArn?: string | undefined
  readonly roleName?: string | undefined
  readonly attach: readonly string[]
  readonly inline?: string | undefined
  readonly boundary?: string | undefined
  readonly targetRoleArn?: string | undefined
  readonly disableSessionTags?: boolean | undefined
  readonly createServiceAccount: boolean
  readonly tags: Readonly<Record<string, string>>
}

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
        await create(context, aws, cluster, wanted)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function whatIsWanted(
  options: Options,
): Promise<{ cluster: string; region: string | undefined; wanted: Wanted[] }> {
  if (options.configFile) {
    const config = await readClusterConfig(options.configFile)
    const wanted = config.iam.podIdentityAssociations.map(
      (one): Wanted => ({
        namespace: one.namespace,
        name: one.serviceAccountName,
        roleArn: one.roleARN,
        roleName: one.roleName,
        attach: one.permissionPolicyARNs,
        inline: one.permissionPolicy && JSON.stringify(one.permissionPolicy),
        boundary: one.permissionsBoundaryARN,
        targetRoleArn: one.targetRoleARN,
        disableSessionTags: one.disableSessionTags,
        createServiceAccount: one.createServiceAccount ?? false,
        tags: one.tags ?? {},
      }),
    )
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
  const wanted: Wanted = {
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

async function create(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
  wanted: readonly Wanted[],
): Promise<void> {
  const cluster = await findCluster(aws, clusterName)
  const client = await aws.eks()
  const agent = await agentTask(client, clusterName)
  const tasks = agent ? [agent] : []
  for (const one of wanted) {
    const id = { cluster: clusterName, namespace: one.namespace, name: one.name }
    const present = await findAssociation(client, id)
    if (present) {
      context.stderr.write(
        `  ${one.namespace}/${one.name} has association ${present.associationId} already: left as it is (podpass update podidentityassociation changes it)\n`,
      )
      continue
    }
    tasks.push(...(await associationTasks(aws, id, one)))
    if (!one.createServiceAccount) continue
    const api = await clusterApi(context, aws, cluster)
    tasks.push({
      mark: '+',
      what: 'ServiceAccount',
      name: `${one.namespace}/${one.name}`,
      run: async () => {
        await ensureServiceAccount(api, one).catch((error: unknown) => {
          throw apiFailure(error)
        })
        return undefined
      },
    })
  }
  await runTasks(context, tasks)
  for (const { namespace, name } of wanted) {
    context.stderr.write(
      `  pods made from now on with serviceAccountName: ${name} in ${namespace} get this role (those that run already keep what they have)\n`,
    )
  }
}

async function associationTasks(
  aws: AwsAccess,
  id: ServiceAccountId,
  wanted: Wanted,
): Promise<Task[]> {
  const { namespace, name, targetRoleArn, disableSessionTags, tags } = wanted
  let roleArn = wanted.roleArn ?? ''
  const tasks: Task[] = []
  if (!wanted.roleArn) {
    const roleName = wanted.roleName ?? (await podIdentityRoleName(id))
    tasks.push({
      mark: '+',
      what: 'IAM role',
      name: roleName,
      note: 'trusts pods.eks.amazonaws.com',
      run: async () => {
        roleArn = await createRole(await aws.iam(), {
          name: roleName,
          trust: podIdentityTrust(),
          tags: podIdentityRoleTags(id, tags),
          description: `identity of the ServiceAccount ${namespace}/${name} of cluster ${id.cluster}`,
          ...(wanted.boundary && { boundary: wanted.boundary }),
        })
        return undefined
      },
    })
    const inline = wanted.inline ?? (targetRoleArn && assuming(targetRoleArn))
    tasks.push(...policyTasks(aws, roleName, { attach: wanted.attach, inline }))
  }
  tasks.push({
    mark: '+',
    what: 'association',
    name: `${namespace}/${name}`,
    run: async () => {
      const { CreatePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
      const { association } = await (await aws.eks()).send(
        new CreatePodIdentityAssociationCommand({
          clusterName: id.cluster,
          namespace,
          serviceAccount: name,
          roleArn,
          ...(targetRoleArn && { targetRoleArn }),
          ...(disableSessionTags !== undefined && { disableSessionTags }),
          ...(Object.keys(tags).length > 0 && { tags: { ...tags } }),
        }),
      )
      return `association ${association?.associationId} of ${namespace}/${name}`
    },
  })
  return tasks
}

/** What a role needs to go on to its target. */
function assuming(targetRoleArn: string): string {
  const Action = ['sts:AssumeRole', 'sts:TagSession']
  const statement = { Effect: 'Allow', Action, Resource: targetRoleArn }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}
