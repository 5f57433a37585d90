/** One running cluster: API server, controllers, webhook, nodes. */

import { join } from 'node:path'
import type { Log } from '../audit/log.ts'
import type { ClusterSpec, NodegroupSpec } from '../aws/eks/cluster-control.ts'
import { roleMappingMap } from '../chain/links/role-mapping.ts'
import type { Clock } from '../kernel/clock.ts'
import { type ApiServer, startApiServer } from '../kubernetes/api/api-server.ts'
import type { NodeAgent } from '../kubernetes/cluster-client.ts'
import { startControllers } from '../kubernetes/controllers/controllers.ts'
import { type FargateProfile, fargateAdmission } from '../kubernetes/fargate/admission.ts'
import type { Fargate } from '../kubernetes/fargate/scheduler.ts'
import type { ClusterNetwork } from '../kubernetes/network/cluster-network.ts'
import type { UserInfo } from '../kubernetes/object.ts'
import {
  configMaps,
  mutatingWebhookConfigurations,
  serviceAccounts,
} from '../kubernetes/resources.ts'
import type { AskCredentials } from '../node/node-credentials.ts'
import type { Issuer } from '../oidc/issuer-port.ts'
import type { Store } from '../store/store.ts'
import { mutatingWebhookConfiguration } from '../webhook/configuration.ts'
import { startWebhook } from '../webhook/server.ts'
import { defaultSettings } from '../webhook/settings.ts'
import type { OwnedAuthority } from '../x509/authority.ts'
import type { KeyPair } from '../x509/certificate-port.ts'
import { startClusterFargate } from './fargate.ts'
import { readJsonFile, writePrivateFile } from './home.ts'
import type { MetadataOptionsTable } from './metadata-options.ts'
import type { NodeRecord, ProfileOf } from './node-record.ts'
import { Nodes } from './nodes.ts'
import { openAuthority } from './pki.ts'
import type { PodAccess } from './pod-access.ts'
import { agentUri, type PodIdentityAccess } from './pod-identity-access.ts'
import { openRoleProxies } from './role-proxies.ts'

export interface ClusterDeps {
  readonly spec: ClusterSpec
  readonly issuer: Issuer
  /** Those that count from the first pod on. */
  readonly fargateProfiles: readonly FargateProfile[]
  readonly directory: string
  readonly store: Store
  readonly prefix: string
  readonly clock: Clock
  readonly log: Log
  readonly preferredPort: number | undefined
  readonly access: PodAccess
  authenticateAws(
    clusterArn: string,
    clusterName: string,
    token: string,
    awsAuth: Readonly<Record<string, string>> | undefined,
  ): UserInfo | undefined
  readonly nodeCredentials: AskCredentials
  readonly podIdentity: PodIdentityAccess
  readonly metadataOptions: MetadataOptionsTable
  readonly profileOf: ProfileOf
}

export interface Cluster extends AsyncDisposable {
  readonly endpoint: string
  readonly caPem: string
  readonly administrator: KeyPair
  nodeCount(): number
  nodeOf(instanceId: string): NodeRecord | undefined
  instances(): { readonly nodegroup: NodegroupSpec; readonly record: NodeRecord }[]
  setNodes(nodegroup: NodegroupSpec, records: readonly NodeRecord[]): Promise<void>
  removeNodes(nodegroupName: string): Promise<void>
  setFargateProfiles(profiles: readonly FargateProfile[]): Promise<void>
}

const loopback = '127.0.0.1'

/** As webhooks and managedFields see the controllers. */
const controllerUser = {
  username: 'system:kube-controller-manager',
  groups: ['system:masters', 'system:authenticated'],
}

/** As webhooks and managedFields see the kubelet of a node. */
function kubeletUser(nodeName: string) {
  return { username: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] }
}

/** Starts the API server with its controllers and webhook; nodes are set afterwards. */
export async function startCluster(deps: ClusterDeps): Promise<Cluster> {
  await using stack = new AsyncDisposableStack()
  const cluster = await assemble(deps, stack)
  const rest = stack.move()
  return { ...cluster, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
}

async function assemble(
  deps: ClusterDeps,
  stack: AsyncDisposableStack,
): Promise<Omit<Cluster, typeof Symbol.asyncDispose>> {
  const { spec, directory, clock, log } = deps
  const files = { certificate: join(directory, 'ca.pem'), key: join(directory, 'ca-key.pem') }
  const ca = await openAuthority(files, `kubernetes ${spec.name}`)
  const administrator = await ca.issueClient({
    commonName: 'podpass-admin',
    organizations: ['system:masters'],
  })
  // The server is asked from its first moment on, before what stands on it is there.
  let later: { readonly nodes: Nodes; readonly fargate: Fargate } | undefined
  const agent: NodeAgent = {
    exec: (...of) => later?.nodes.exec(...of) ?? later?.fargate.exec(...of),
    attach: (...of) => later?.nodes.attach(...of) ?? later?.fargate.attach(...of),
    logs: (...of) => later?.nodes.logs(...of) ?? later?.fargate.logs(...of),
  }
  const profiles = () => later?.fargate.profiles() ?? deps.fargateProfiles
  const server = stack.use(await startServer(deps, ca, { agent: () => agent, profiles }))
  const { client } = server
  const clientOf = (nodeName: string) => server.clientAs(kubeletUser(nodeName), 'kubelet')
  const { endpoint, caPem } = deps.podIdentity
  const roleProxies = openRoleProxies({ ...deps, client, endpoint, caPem })
  const network = stack.use(lazyNetwork(deps, server.port))
  const parts = {
    ...deps,
    client,
    endpoint: server.url,
    clientOf,
    roleProxies,
    network: network.open,
  }
  const nodes = new Nodes(parts)
  const fargate = startClusterFargate(parts, deps.fargateProfiles)
  later = { nodes, fargate }
  const controllerClient = server.clientAs(controllerUser, 'kube-controller-manager')
  stack.use(startControllers({ client: controllerClient, clock, caPem: ca.certPem, log }))
  await startPodIdentityWebhook(deps, ca, server, stack)
  stack.defer(() => deps.access.networks.ports.close(server.port))
  stack.use(roleProxies)
  stack.use(nodes)
  stack.use(fargate)
  return {
    endpoint: server.url,
    caPem: ca.certPem,
    administrator,
    nodeCount: () => nodes.count() + fargate.nodeCount(),
    setFargateProfiles: (wanted) => fargate.setProfiles(wanted),
    nodeOf: (instanceId) => nodes.find(instanceId),
    instances: () => nodes.list(),
    setNodes: (nodegroup, records) => nodes.set(nodegroup, records),
    removeNodes: (nodegroupName) => nodes.remove(nodegroupName),
  }
}

/** The network of the cluster's pods: opened with its first node, once. */
function lazyNetwork({ spec, access }: ClusterDeps, apiPort: number) {
  let opened: Promise<ClusterNetwork | undefined> | undefined
  return {
    open() {
      opened ??= access.networks.openFor({ region: spec.region, apiPort })
      return opened
    },
    async [Symbol.asyncDispose]() {
      const network = await opened?.catch(() => undefined)
      await network?.[Symbol.asyncDispose]()
    },
  }
}

/** Serves on the port that the cluster had before, else the one preferred, else any that is free. */
async function startServer(
  deps: ClusterDeps,
  ca: OwnedAuthority,
  ports: { agent: () => NodeAgent; profiles: () => readonly FargateProfile[] },
): Promise<ApiServer> {
  const { spec, directory, store, prefix, clock, log, issuer } = deps
  const memory = join(directory, 'cluster.json')
  const known = readJsonFile<{ readonly port: number }>(memory)?.port ?? deps.preferredPort ?? 0
  const start = (port: number) =>
    startApiServer({
      name: spec.name,
      host: loopback,
      port,
      store,
      prefix,
      clock,
      ca,
      issuer,
      log,
      nodeAgent: ports.agent,
      admission: [fargateAdmission(ports.profiles)],
      authenticateAws: (token) => deps.authenticateAws(spec.arn, spec.name, token, awsAuth()),
    })
  const awsAuth = () => {
    const map = server.client.get(configMaps, 'kube-system', 'aws-auth')
    return map?.['data'] as Readonly<Record<string, string>> | undefined
  }
  const server: ApiServer = await start(known).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    log.warn({ cluster: spec.name, port: known }, 'the port is taken, another is used')
    return start(0)
  })
  writePrivateFile(memory, JSON.stringify({ port: server.port, name: spec.name }))
  await deps.access.networks.ports.open(server.port)
  return server
}

/** Starts the webhook and registers it, as whoever installs one in a cluster does. */
async function startPodIdentityWebhook(
  deps: ClusterDeps,
  ca: OwnedAuthority,
  server: ApiServer,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { client } = server
  const webhook = stack.use(
    await startWebhook({
      host: loopback,
      port: 0,
      tls: await ca.issueServer({ names: ['localhost'], addresses: [loopback] }),
      serviceAccounts: {
        serviceAccount: (namespace, name) => client.get(serviceAccounts, namespace, name),
        hasAssociation: (...of) => deps.podIdentity.hasAssociation(deps.spec.arn, ...of),
        roleMapping: () =>
          client.get(configMaps, roleMappingMap.namespace, roleMappingMap.name)?.['data']?.[
            'config'
          ],
      },
      settings: {
        ...defaultSettings,
        region: deps.spec.region,
        regionalSts: true,
        containerCredentials: { ...defaultSettings.containerCredentials, fullUri: agentUri },
      },
      log: deps.log,
    }),
  )
  const configuration = mutatingWebhookConfiguration({
    url: `https://${loopback}:${webhook.port}/mutate`,
    caPem: ca.certPem,
  })
  const { name } = configuration.metadata
  if (!client.get(mutatingWebhookConfigurations, undefined, name)) {
    await client.create(mutatingWebhookConfigurations, undefined, configuration)
    return
  }
  await client.modify(mutatingWebhookConfigurations, undefined, name, (current) => ({
    ...current,
    webhooks: configuration.webhooks,
  }))
}
