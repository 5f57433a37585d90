/** `delete cluster`: the cluster with all that `create cluster` and `create iamserviceaccount` made for it. */
import type { Cluster } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { kubeconfigFile, removeFromKubeconfig } from '../../config/kubeconfig.ts'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { readClusterConfig } from '../cluster-config.ts'
import { rolesOfCluster } from '../cluster-roles.ts'
import type { CliContext } from '../context.ts'
import { deleteTemplate, templateName } from '../ec2-call.ts'
import { untilGone } from '../eks-status.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { deleteRole, findProvider, roleDescription } from '../service-account-role.ts'
import { runTasks, type Task } from '../tasks.ts'
import { profileDeletion } from './delete-fargateprofile.ts'

interface Options {
  readonly name?: string
  readonly region?: string
  readonly configFile?: string
}

export function deleteClusterCommand(context: CliContext): Command {
  return new Command('cluster')
    .description('delete a cluster, its nodes, its roles and its OIDC provider')
    .argument('[name]', 'name of the cluster')
    .option('-n, --name <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('-f, --config-file <file>', 'take the name from a ClusterConfig')
    .option('-w, --wait', 'wait until all is gone (always so)')
    .addHelpText(
      'after',
      `
Examples:
  podpass delete cluster --name irsa`,
    )
    .action(async (argument: string | undefined, options: Options, command: Command) => {
      const config = options.configFile ? await readClusterConfig(options.configFile) : undefined
      const name = argument ?? options.name ?? config?.metadata.name
      if (!name) throw new CliFailure('--name is missing', { exitCode: exitCodes.usage })
      const aws = awsAccess(context, command, options.region ?? config?.metadata.region)
      try {
        const cluster = await findCluster(aws, name)
        await runTasks(context, await deletionTasks(aws, cluster))
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

async function deletionTasks(aws: AwsAccess, cluster: Cluster): Promise<Task[]> {
  const name = cluster.name ?? ''
  const eks = await aws.eks()
  const api = await import('@aws-sdk/client-eks')
  const { nodegroups = [] } = await eks.send(new api.ListNodegroupsCommand({ clusterName: name }))
  const tasks: Task[] = nodegroups.map((nodegroupName) => ({
    mark: '-',
    what: 'node group',
    name: nodegroupName,
    run: async () => {
      const key = { clusterName: name, nodegroupName }
      const { nodegroup } = await eks.send(new api.DescribeNodegroupCommand(key))
      await eks.send(new api.DeleteNodegroupCommand(key))
      await untilGone(() => eks.send(new api.DescribeNodegroupCommand(key)))
      const template = nodegroup?.launchTemplate?.name
      if (template === templateName(name, nodegroupName)) await deleteTemplate(aws, template)
      return undefined
    },
  }))
  const profiles = await eks.send(new api.ListFargateProfilesCommand({ clusterName: name }))
  for (const profile of profiles.fargateProfileNames ?? []) {
    tasks.push(profileDeletion(aws, name, profile))
  }
  const iam = await aws.iam()
  const provider = await findProvider(iam, cluster.identity?.oidc?.issuer ?? 'https://none')
  if (provider) {
    tasks.push({
      mark: '-',
      what: 'IAM OIDC provider',
      name: provider.slice(provider.indexOf('/') + 1),
      run: async () => {
        const { DeleteOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam')
        await iam.send(
          new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }),
        )
        return undefined
      },
    })
  }
  tasks.push({
    mark: '-',
    what: 'control plane',
    name,
    run: async () => {
      await eks.send(new api.DeleteClusterCommand({ name }))
      await untilGone(() => eks.send(new api.DescribeClusterCommand({ name })))
      return undefined
    },
  })
  const described = roleDescription({ cluster: name })
  for (const role of await rolesOfCluster(aws, name, prefixesOf(name), described)) {
    tasks.push({
      mark: '-',
      what: 'IAM role',
      name: role,
      run: async () => {
        await deleteRole(iam, role)
        return undefined
      },
    })
  }
  const file = kubeconfigFile(aws.environment)
  tasks.push({
    mark: '-',
    what: 'kubeconfig context',
    name: `${name}.${aws.region}.eksctl.io`,
    run: async () => {
      await removeFromKubeconfig(file, `${name}.${aws.region}.eksctl.io`)
      return undefined
    },
  })
  return tasks
}

/** How the roles that we or eksctl make for a cluster begin; CloudFormation cuts a long stack's name in them. */
function prefixesOf(cluster: string): string[] {
  return [`podpass-${cluster}-`, `eksctl-${cluster}-`.slice(0, 27)]
}
