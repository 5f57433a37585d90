/** `create cluster`: control plane, nodes with their role, and the kubeconfig context. */
import { Command } from 'commander'
import { kubeconfigFile } from '../../config/kubeconfig.ts'
import {
  configuredAssociation,
  createAssociations,
  type WantedAssociation,
} from '../association-tasks.ts'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { configuredGroup, readClusterConfig } from '../cluster-config.ts'
import { serviceRole, stackRoleName } from '../cluster-roles.ts'
import { type CliContext, homeOf } from '../context.ts'
import { untilActive } from '../eks-status.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { checkProfile, defaultProfile, fargateTasks, type WantedProfile } from '../fargate.ts'
import { nodeGroupTasks, type WantedNodeGroup } from '../node-group.ts'
import { collect, keyValues } from '../options.ts'
import {
  configuredAccounts,
  serviceAccountTasks,
  type WantedServiceAccount,
} from '../service-account-tasks.ts'
import { runTasks, type Task } from '../tasks.ts'
import { associationTask } from './associate-oidc-provider.ts'
import { writeContext } from './write-kubeconfig.ts'

interface Options {
  readonly name?: string
  readonly region?: string
  readonly version?: string
  readonly nodes: number
  readonly nodegroupName: string
  readonly withoutNodegroup?: boolean
  readonly withOidc?: boolean
  readonly subnets?: string[]
  readonly tags?: Record<string, string>
  readonly kubeconfig?: string
  readonly writeKubeconfig: boolean
  readonly setKubeconfigContext: boolean
  readonly configFile?: string
  readonly fargate?: boolean
  readonly managed?: boolean
}

/** Options and ClusterConfig as one. */
interface Wanted extends Options {
  readonly groups: readonly WantedNodeGroup[]
  readonly profiles: readonly WantedProfile[]
  readonly accounts: readonly WantedServiceAccount[]
  readonly associations: readonly WantedAssociation[]
}

export function createClusterCommand(context: CliContext): Command {
  return new Command('cluster')
    .description('make a cluster: control plane, issuer, nodes')
    .argument('[name]', 'name of the cluster')
    .option('-n, --name <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--version <version>', 'Kubernetes version')
    .option('-N, --nodes <count>', 'number of nodes', Number, 2)
    .option('--nodegroup-name <name>', 'name of the node group', 'ng-1')
    .option('--without-nodegroup', 'no nodes yet')
    .option('--managed', 'a managed node group, which it always is; with --fargate: that too')
    .option('--fargate', 'run the pods of `default` and `kube-system` on Fargate, without nodes')
    .option('--with-oidc', 'associate the IAM OIDC provider too')
    .option('--subnets <ids>', 'subnets of the control plane (a lab needs none)', collect)
    .option('--tags <k=v,…>', 'tags of the cluster', keyValues)
    .option(
      '--kubeconfig <file>',
      'file to write (default: the first of KUBECONFIG, else ~/.kube/config)',
    )
    .option('--no-write-kubeconfig', 'leave the kubeconfig file alone')
    .option('--no-set-kubeconfig-context', 'leave the current context as it is')
    .option('-f, --config-file <file>', 'take all from a ClusterConfig (`-`: stdin)')
    .addHelpText(
      'after',
      `
Examples:
  podpass create cluster --name irsa --region ap-northeast-1
  podpass create cluster --name irsa --fargate
  podpass create cluster -f cluster.yaml`,
    )
    .action(async (argument: string | undefined, given: Options, command: Command) => {
      const options = await withConfigFile({ ...given, ...(argument && { name: argument }) })
      const { name } = options
      if (!name) throw new CliFailure('--name is missing', { exitCode: exitCodes.usage })
      if (!Number.isInteger(options.nodes) || options.nodes < 0) {
        throw new CliFailure('--nodes wants a whole number', { exitCode: exitCodes.usage })
      }
      for (const profile of options.profiles) checkProfile(profile)
      const aws = awsAccess(context, command, options.region)
      try {
        const started = performance.now()
        await runTasks(context, await clusterTasks(aws, name, options))
        await finish(context, aws, name, options, homeOf(context, command).root)
        await identities(context, aws, name, options)
        const seconds = ((performance.now() - started) / 1000).toFixed(1)
        context.stderr.write(`  EKS cluster \`${name}\` in ${aws.region} is ready (${seconds} s)\n`)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

/** The file's fields over the options; its node groups and profiles are all there will be, as with eksctl. */
async function withConfigFile(options: Options): Promise<Wanted> {
  if (!options.configFile)
    return { ...options, ...byFlags(options), accounts: [], associations: [] }
  const file = await readClusterConfig(options.configFile)
  const { metadata, iam, ...config } = file
  if (options.fargate) {
    throw new CliFailure('cannot use --fargate when --config-file/-f is set', {
      exitCode: exitCodes.usage,
      hints: ['name the profiles under `fargateProfiles`'],
    })
  }
  const groups = [...(config.managedNodeGroups ?? []), ...(config.nodeGroups ?? [])]
  return {
    ...options,
    name: metadata.name,
    ...(metadata.region && { region: metadata.region }),
    ...(metadata.version && { version: metadata.version }),
    ...(metadata.tags && { tags: metadata.tags }),
    ...(iam.withOIDC && { withOidc: true }),
    groups: options.withoutNodegroup ? [] : groups.map(configuredGroup),
    profiles: config.fargateProfiles,
    accounts: configuredAccounts(file),
    associations: iam.podIdentityAssociations.map(configuredAssociation),
  }
}

/** eksctl's rule: `--fargate` alone makes no nodes; with `--managed` it makes them too. */
function byFlags(options: Options): Pick<Wanted, 'groups' | 'profiles'> {
  const { nodegroupName: name, nodes } = options
  const without = options.withoutNodegroup || (options.fargate && !options.managed)
  return {
    groups: without ? [] : [{ name, nodes }],
    profiles: options.fargate ? [defaultProfile] : [],
  }
}

async function clusterTasks(aws: AwsAccess, name: string, options: Wanted): Promise<Task[]> {
  const eks = await aws.eks()
  const role = stackRoleName(`eksctl-${name}-cluster`, 'ServiceRole')
  const subnets = options.subnets ?? []
  let roleArn = ''
  const tasks: Task[] = [
    {
      mark: '+',
      what: 'service role',
      name: role,
      run: async () => {
        const policies = ['AmazonEKSClusterPolicy']
        const service = 'eks.amazonaws.com'
        roleArn = await serviceRole(aws, { cluster: name, name: role, service, policies })
        return undefined
      },
    },
    {
      mark: '+',
      what: 'control plane',
      name,
      run: async () => {
        const { CreateClusterCommand, DescribeClusterCommand } = await import('@aws-sdk/client-eks')
        await eks.send(
          new CreateClusterCommand({
            name,
            roleArn,
            resourcesVpcConfig: { subnetIds: subnets },
            accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
            ...(options.version && { version: options.version }),
            tags: { 'alpha.eksctl.io/cluster-name': name, ...options.tags },
          }),
        )
        await untilActive(async () => {
          const { cluster } = await eks.send(new DescribeClusterCommand({ name }))
          return { status: cluster?.status, issue: cluster?.health?.issues?.[0]?.message }
        })
        return `control plane of \`${name}\` answers`
      },
    },
  ]
  for (const group of options.groups) tasks.push(...nodeGroupTasks(aws, name, group, subnets))
  tasks.push(...(await fargateTasks(aws, name, options.profiles, 'with the cluster')))
  return tasks
}

async function finish(
  context: CliContext,
  aws: AwsAccess,
  name: string,
  options: Wanted,
  home: string,
): Promise<void> {
  if (!options.writeKubeconfig) return
  const file = options.kubeconfig ?? kubeconfigFile(aws.environment)
  const cluster = await findCluster(aws, name)
  await writeContext(aws, cluster, { file, home, current: options.setKubeconfigContext })
  context.stderr.write(`  kubectl reaches it now (${file})\n`)
}

/** What pods may be: the OIDC provider, then the ServiceAccounts with their roles, then the associations. */
async function identities(
  context: CliContext,
  aws: AwsAccess,
  name: string,
  { withOidc, accounts, associations, configFile }: Wanted,
): Promise<void> {
  let next = `podpass utils associate-iam-oidc-provider --region=${aws.region} --cluster=${name} --approve`
  try {
    const association = withOidc && (await associationTask(context, aws, name))
    if (association) await runTasks(context, [association])
    next = `podpass create iamserviceaccount -f ${configFile} --override-existing-serviceaccounts --approve`
    // A new cluster has ServiceAccounts of its own, such as kube-system/aws-node: the file's words count, as with eksctl.
    const override = true
    if (accounts.length > 0) {
      await runTasks(context, await serviceAccountTasks(context, aws, name, accounts, { override }))
    }
    next = `podpass create podidentityassociation -f ${configFile}`
    if (associations.length > 0) await createAssociations(context, aws, name, associations)
  } catch (error) {
    const failure = awsFailure(error, aws.environment)
    if (!(failure instanceof CliFailure)) throw failure
    throw new CliFailure(failure.message, {
      exitCode: failure.exitCode,
      hints: [...failure.hints, `cluster \`${name}\` is up; go on from here:    ${next}`],
      cause: error,
    })
  }
}
