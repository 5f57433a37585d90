/** A cluster as the command line reaches it: found through EKS, entered with an EKS token, as eksctl does. */
import type { Cluster } from '@aws-sdk/client-eks'
import type { CoreV1Api, KubeConfig, V1ServiceAccount } from '@kubernetes/client-node'
import { nearest } from '../kernel/nearest.ts'
import { type AwsAccess, awsFailure, isAwsError } from './aws.ts'
import type { CliContext } from './context.ts'
import { eksToken } from './eks-token.ts'
import { CliFailure, exitCodes } from './failure.ts'

/** Finds a cluster that is ready for use; a failure names the cluster that was perhaps meant. */
export async function findCluster(aws: AwsAccess, name: string): Promise<Cluster> {
  const client = await aws.eks()
  const { DescribeClusterCommand, ListClustersCommand } = await import('@aws-sdk/client-eks')
  try {
    const { cluster } = await client.send(new DescribeClusterCommand({ name }))
    if (cluster) return cluster
  } catch (error) {
    if (!isAwsError(error, 'ResourceNotFound')) throw awsFailure(error, aws.environment)
  }
  const { clusters = [] } = await client.send(new ListClustersCommand({}))
  const close = nearest(name, clusters)
  throw new CliFailure(`no cluster named \`${name}\` in ${aws.region}`, {
    hints: [
      close
        ? `did you mean \`${close}\`?        podpass get cluster`
        : `make it:    podpass create cluster --name ${name} --region ${aws.region}`,
    ],
  })
}

/** The Kubernetes API of a cluster, as the caller of AWS. */
export async function clusterApi(
  context: CliContext,
  aws: AwsAccess,
  cluster: Cluster,
): Promise<CoreV1Api> {
  const config = await clusterConfig(context, aws, cluster)
  const { CoreV1Api } = await import('@kubernetes/client-node')
  return config.makeApiClient(CoreV1Api)
}

/** A client configuration that enters the cluster as the caller of AWS. */
export async function clusterConfig(
  context: CliContext,
  aws: AwsAccess,
  cluster: Cluster,
): Promise<KubeConfig> {
  const name = cluster.name ?? ''
  if (cluster.status !== 'ACTIVE' || !cluster.endpoint) {
    throw new CliFailure(`cluster \`${name}\` is ${cluster.status ?? 'not ready'}`, {
      hints: ['look again in a moment:    podpass get cluster'],
    })
  }
  const { token } = await eksToken(await aws.eks(), {
    cluster: name,
    region: aws.region,
    stsEndpoint: aws.environment['AWS_ENDPOINT_URL_STS'] ?? aws.environment['AWS_ENDPOINT_URL'],
    now: context.now(),
  })
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    {
      name,
      server: cluster.endpoint,
      caData: cluster.certificateAuthority?.data ?? '',
      skipTLSVerify: false,
    },
    { name: 'caller', token },
  )
  return config
}

interface ApiError extends Error {
  readonly code?: number
  readonly body?: unknown
}

/** The status of the API server's refusal; undefined when it was something else. */
export function apiStatus(error: unknown): number | undefined {
  const { code } = error as ApiError
  return typeof code === 'number' ? code : undefined
}

/** Turns an API server's error into a failure for people. */
export function apiFailure(error: unknown): unknown {
  const status = apiStatus(error)
  if (status === undefined) {
    if (!(error instanceof Error) || error instanceof CliFailure) return error
    return new CliFailure(`could not reach the cluster: ${error.message}`, {
      exitCode: exitCodes.unreachable,
      cause: error,
    })
  }
  const { body } = error as ApiError
  const text = typeof body === 'string' ? parsedMessage(body) : undefined
  const message = text ?? (error instanceof Error ? error.message : String(error))
  if (status === 401) {
    return new CliFailure('the cluster does not know you', {
      hints: ['let somebody with access add you:    aws eks create-access-entry …'],
      cause: error,
    })
  }
  return new CliFailure(message, { cause: error })
}

function parsedMessage(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { message?: string }).message
  } catch {
    return undefined
  }
}

/** Reads a ServiceAccount; undefined when there is none. */
export async function findServiceAccount(
  api: CoreV1Api,
  namespace: string,
  name: string,
): Promise<V1ServiceAccount | undefined> {
  try {
    return await api.readNamespacedServiceAccount({ namespace, name })
  } catch (error) {
    if (apiStatus(error) === 404) return undefined
    throw apiFailure(error)
  }
}
