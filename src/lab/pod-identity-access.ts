/** What a cluster's webhook and nodes need for EKS Pod Identity. */
import type { Log } from '../audit/log.ts'
import type { Clock } from '../kernel/clock.ts'
import { createEksAuthClient } from '../node/eks-auth-client.ts'
import { type AskCredentials, NodeCredentials } from '../node/node-credentials.ts'
import { type PodIdentityAgent, startPodIdentityAgent } from '../node/pod-identity-agent.ts'

/** Answers are of the moment: associations and add-ons come and go while nodes run. */
export interface PodIdentityAccess {
  hasAssociation(clusterArn: string, namespace: string, serviceAccount: string): boolean
  /** True where the cluster has the add-on `eks-pod-identity-agent`. */
  isAgentInstalled(clusterArn: string): boolean
  /** Where agents reach EKS Auth: `https://127.0.0.1:4566`. */
  endpoint(): string
  /** CA of that endpoint. */
  readonly caPem: string
}

/**
 * The variable by which a node tells its pods where its agent is. On EKS every node's agent has the same address,
 * 169.254.170.23, and so it has for pods with a network of their own; those on this machine's share the loopback interface
 * with all nodes, so each agent has a port of its own, which is known only when a pod has its node.
 */
export const agentVariable = 'PODPASS_POD_IDENTITY_AGENT'

/** What the webhook writes into pods; the kubelet puts the node's own value in, as it does for any `$(VARIABLE)`. */
export const agentUri = `http://$(${agentVariable})/v1/credentials`

/** No port is served there: connections are refused at once. */
export const nowhere = '127.0.0.1:1'

export interface NodeAgentOptions {
  readonly cluster: { readonly arn: string; readonly name: string; readonly region: string }
  readonly account: string
  readonly instanceId: string
  readonly nodeRole: string
  readonly clock: Clock
  readonly log: Log
  readonly access: PodIdentityAccess
  readonly nodeCredentials: AskCredentials
}

/** Starts the agent of a node; it speaks to EKS Auth as the node's role. */
export async function startNodeAgent(
  options: NodeAgentOptions,
): Promise<Pick<PodIdentityAgent, 'serve'> & AsyncDisposable & { readonly address: string }> {
  const { cluster, account, instanceId, nodeRole, clock, log, access, nodeCredentials } = options
  const own = new NodeCredentials({
    clock,
    instanceId,
    region: cluster.region,
    account,
    roleArn: nodeRole,
    ask: nodeCredentials,
  })
  const client = createEksAuthClient({
    endpoint: () => access.endpoint(),
    caPem: access.caPem,
    region: cluster.region,
    clusterName: cluster.name,
    clock,
    credentials: () => {
      const kept = own.current(undefined, '2.0')
      return 'credentials' in kept ? kept.credentials : kept
    },
  })
  const host = '127.0.0.1'
  const agent = await startPodIdentityAgent({
    host,
    port: 0,
    addresses: [host],
    clock,
    log,
    assume: client.assume,
    installed: () => access.isAgentInstalled(cluster.arn),
  })
  return {
    address: `${host}:${agent.port}`,
    serve: (...of) => agent.serve(...of),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
      client[Symbol.dispose]()
    },
  }
}
