/** `create cluster`: control plane, nodes with their role, and the kubeconfig context. */
import { randomInt } from 'node:crypto'
import type { EKSClient } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { kubeconfigFile } from '../../config/kubeconfig.ts'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import { type CliContext, homeOf } from '../context.ts'
import { createClosedTemplate, templateName } from '../ec2-call.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { createInstanceProfile } from '../instance-profile.ts'
import { collect, keyValues } from '../options.ts'
import { createRole } from '../service-account-role.ts'
import { runTasks, type Task } from '../tasks.ts'
import { waitUntil } from '../wait.ts'
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
  /** Of a ClusterConfig's node group: tokens required, and none for pods. */
  readonly disablePodIMDS?: boolean
}

/** EKS's own policies for nodes: what any node may do, and what a pod without IRSA may do too. */
const nodePolicies = [
  'AmazonEKSWorkerNodePolicy',
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEKS_CNI_Policy',
]

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
  podpass create cluster -f cluster.yaml`,
    )
    .action(async (argument: string | undefined, given: Options, command: Command) => {
      const options = await withConfigFile({ ...given, ...(argument && { name: argument }) })
      const { name } = options
      if (!name) throw new CliFailure('--name is missing', { exitCode: exitCodes.usage })
      if (!Number.isInteger(options.nodes) || options.nodes < 0) {
        throw new CliFailure('--nodes wants a whole number', { exitCode: exitCodes.usage })
      }
      const aws = awsAccess(context, command, options.region)
      try {
        const started = performance.now()
        await runTasks(context, await clusterTasks(aws, name, options))
        if (options.withOidc) {
          const association = await associationTask(context, aws, name)
          if (association) await runTasks(context, [association])
        }
        await finish(context, aws, name, options, homeOf(context, command).root)
        const seconds = ((performance.now() - started) / 1000).toFixed(1)
        context.stderr.write(`  EKS cluster \`${name}\` in ${aws.region} is ready (${seconds} s)\n`)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function withConfigFile(options: Options): Promise<Options> {
  if (!options.configFile) return options
  const config = await readClusterConfig(options.configFile)
  const group = config.managedNodeGroups?.[0] ?? config.nodeGroups?.[0]
  return {
    ...options,
    name: config.metadata.name,
    ...(config.metadata.region && { region: config.metadata.region }),
    ...(config.metadata.version && { version: config.metadata.version }),
    ...(config.metadata.tags && { tags: config.metadata.tags }),
    ...(config.iam.withOIDC && { withOidc: true }),
    ...(group && { nodegroupName: group.name }),
    ...(group?.disablePodIMDS && { disablePodIMDS: true }),
    ...(group?.desiredCapacity !== undefined && { nodes: group.desiredCapacity }),
  }
}

async function clusterTasks(aws: AwsAccess, name: string, options: Options): Promise<Task[]> {
  const eks = await aws.eks()
  let roleArn = ''
  let nodeRoleArn = ''
  const tasks: Task[] = [
    {
      mark: '+',
      what: 'service role',
      name: `eksctl-${name}-cluster-ServiceRole-${randomSuffix()}`,
      run: async () => {
        roleArn = await serviceRole(aws, name, tasks[0]?.name ?? '', 'eks.amazonaws.com', [
          'AmazonEKSClusterPolicy',
        ])
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
            resourcesVpcConfig: { subnetIds: options.subnets ?? [] },
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
  if (options.withoutNodegroup || options.nodes === 0) return tasks
  const nodeRole = `eksctl-${name}-nodegroup-${options.nodegroupName}-NodeInstanceRole-${randomSuffix()}`
  tasks.push(
    {
      mark: '+',
      what: 'node role',
      name: nodeRole.slice(0, 64),
      run: async () => {
        nodeRoleArn = await serviceRole(
          aws,
          name,
          nodeRole.slice(0, 64),
          'ec2.amazonaws.com',
          nodePolicies,
        )
        await createInstanceProfile(await aws.iam(), nodeRole.slice(0, 64), clusterTags(name))
        return undefined
      },
    },
    {
      mark: '+',
      what: 'node group',
      name: options.nodegroupName,
      run: async () => {
        const template = templateName(name, options.nodegroupName)
        if (options.disablePodIMDS) await createClosedTemplate(aws, template)
        await nodeGroup(eks, name, nodeRoleArn, options)
        return `node group ${options.nodegroupName}: ${options.nodes} ${options.nodes === 1 ? 'node' : 'nodes'}`
      },
    },
  )
  return tasks
}

async function nodeGroup(
  eks: EKSClient,
  clusterName: string,
  nodeRole: string,
  options: Options,
): Promise<void> {
  const { CreateNodegroupCommand, DescribeNodegroupCommand } = await import('@aws-sdk/client-eks')
  const { nodegroupName } = options
  await eks.send(
    new CreateNodegroupCommand({
      clusterName,
      nodegroupName,
      nodeRole,
      subnets: options.subnets ?? [],
      ...(options.disablePodIMDS && {
        launchTemplate: { name: templateName(clusterName, nodegroupName) },
      }),
      scalingConfig: {
        minSize: 1,
        maxSize: Math.max(options.nodes, 1),
        desiredSize: options.nodes,
      },
      labels: {
        'alpha.eksctl.io/cluster-name': clusterName,
        'alpha.eksctl.io/nodegroup-name': nodegroupName,
      },
      tags: { 'alpha.eksctl.io/cluster-name': clusterName },
    }),
  )
  await untilActive(async () => {
    const { nodegroup } = await eks.send(
      new DescribeNodegroupCommand({ clusterName, nodegroupName }),
    )
    return { status: nodegroup?.status, issue: nodegroup?.health?.issues?.[0]?.message }
  })
}

/** A role that an AWS service assumes, with AWS's own policies of these names. */
async function serviceRole(
  aws: AwsAccess,
  cluster: string,
  name: string,
  service: string,
  policies: readonly string[],
): Promise<string> {
  const client = await aws.iam()
  const arn = await createRole(client, {
    name,
    description: `role of ${service} for cluster ${cluster}`,
    trust: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    }),
    tags: clusterTags(cluster),
  })
  const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam')
  for (const policy of policies) {
    await client.send(
      new AttachRolePolicyCommand({
        RoleName: name,
        PolicyArn: `arn:aws:iam::aws:policy/${policy}`,
      }),
    )
  }
  return arn
}

const clusterTags = (cluster: string) => [{ Key: 'alpha.eksctl.io/cluster-name', Value: cluster }]

/** Waits for ACTIVE; a failure is told in the service's own words. */
async function untilActive(
  look: () => Promise<{ status: string | undefined; issue: string | undefined }>,
): Promise<void> {
  let last: string | undefined
  const active = await waitUntil(async () => {
    const { status, issue } = await look()
    last = status
    if (status?.endsWith('FAILED')) {
      throw new CliFailure(`it ended as ${status}${issue ? `: ${issue}` : ''}`)
    }
    return status === 'ACTIVE'
  }, 30 * 60_000)
  if (!active) throw new CliFailure(`it is still ${last ?? 'unknown'} after 30 min`)
}

async function finish(
  context: CliContext,
  aws: AwsAccess,
  name: string,
  options: Options,
  home: string,
): Promise<void> {
  if (!options.writeKubeconfig) return
  const file = options.kubeconfig ?? kubeconfigFile(aws.environment)
  const cluster = await findCluster(aws, name)
  await writeContext(aws, cluster, { file, home, current: options.setKubeconfigContext })
  context.stderr.write(`  kubectl reaches it now (${file})\n`)
}

/** Twelve letters and digits, as CloudFormation ends its names. */
function randomSuffix(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  return Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join('')
}
