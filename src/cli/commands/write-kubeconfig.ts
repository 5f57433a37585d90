/** `utils write-kubeconfig`: kubectl learns to reach a cluster as the caller of AWS. */
import { fileURLToPath } from 'node:url'
import type { Cluster } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { addToKubeconfig, kubeconfigFile } from '../../config/kubeconfig.ts'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import { type CliContext, homeOf } from '../context.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly kubeconfig?: string
  readonly setKubeconfigContext: boolean
}

export function writeKubeconfigCommand(context: CliContext): Command {
  return new Command('write-kubeconfig')
    .description('add a cluster to the kubeconfig file')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option(
      '--kubeconfig <file>',
      'file to write (default: the first of KUBECONFIG, else ~/.kube/config)',
    )
    .option('--no-set-kubeconfig-context', 'leave the current context as it is')
    .addHelpText(
      'after',
      `
Examples:
  podpass utils write-kubeconfig --cluster irsa --region ap-northeast-1`,
    )
    .action(async (options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        const cluster = await findCluster(aws, options.cluster)
        const file = options.kubeconfig ?? kubeconfigFile(aws.environment)
        const home = homeOf(context, command).root
        await writeContext(aws, cluster, { file, home, current: options.setKubeconfigContext })
        context.stderr.write(`  kubeconfig ${file} knows ${contextName(aws, options.cluster)}\n`)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

/** The context's name, as eksctl forms it: `<user>@<cluster>.<region>.eksctl.io`. */
function contextName(aws: AwsAccess, cluster: string): string {
  return `podpass@${cluster}.${aws.region}.eksctl.io`
}

/** Adds the cluster; its user runs `podpass token`, which finds AWS as this command did. */
export async function writeContext(
  aws: AwsAccess,
  cluster: Cluster,
  options: { file: string; home: string; current: boolean },
): Promise<void> {
  const name = cluster.name ?? ''
  const podpass = fileURLToPath(new URL('../../../bin/podpass', import.meta.url))
  const variables = ['AWS_ENDPOINT_URL', 'AWS_CA_BUNDLE', 'AWS_PROFILE'].flatMap((variable) => {
    const value = aws.environment[variable]
    return value ? [{ name: variable, value }] : []
  })
  await addToKubeconfig(
    options.file,
    {
      cluster: `${name}.${aws.region}.eksctl.io`,
      context: contextName(aws, name),
      endpoint: cluster.endpoint ?? '',
      caData: cluster.certificateAuthority?.data ?? '',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          command: podpass,
          args: ['token', '--home', options.home, '--cluster', name, '--region', aws.region],
          env: variables.length > 0 ? variables : null,
          interactiveMode: 'Never',
          provideClusterInfo: false,
        },
      },
    },
    options.current ? 'always' : 'never',
  )
}
