/** The HTTPS API server of one cluster. */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Issuer } from '../../oidc/issuer-port.ts'
import type { Store } from '../../store/store.ts'
import type { CertificateAuthority } from '../../x509/certificate-port.ts'
import type { ClusterClient, NodeAgent } from '../cluster-client.ts'
import type { UserInfo } from '../object.ts'
import type { AdmissionPlugin } from './admission/admission.ts'
import { mutatingWebhooks } from './admission/mutating-webhooks.ts'
import type { ServiceAddress } from './admission/webhook-client.ts'
import type { AuthenticateAws } from './authn/authenticate.ts'
import type { Authorizer } from './authz/authorizer.ts'
import { bootstrapRoles } from './authz/bootstrap-roles.ts'
import { bootstrapCluster, clusterMachinery, serverUser } from './cluster-machinery.ts'
import { expireEvents } from './expire-events.ts'
import { discoveryOf } from './http/discovery.ts'
import { openApiOf } from './http/openapi.ts'
import { requestHandler } from './http/request-handler.ts'
import { asksForWebSocket, upgradeOf } from './http/upgrade.ts'
import { fieldTracker } from './patch/managed-fields.ts'
import { openSchema } from './schema/schema.ts'

export interface ApiServerOptions {
  /** The cluster's name, for the log. */
  readonly name: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly store: Store
  /** Where the cluster lies in the store: `/clusters/irsa`. */
  readonly prefix: string
  readonly clock: Clock
  readonly ca: CertificateAuthority
  readonly issuer: Issuer
  readonly log: Log
  /** Who an EKS token (`k8s-aws-v1.…`) is. Without: such tokens are refused. */
  readonly authenticateAws?: AuthenticateAws
  /** Asked after EKS access policies, before RBAC. */
  readonly authorizers?: readonly Authorizer[]
  /** The kubelets, once there are any. */
  readonly nodeAgent?: () => NodeAgent | undefined
  /** Where a service of the cluster listens, for webhooks that name one; undefined: nowhere. */
  readonly serviceAddress?: ServiceAddress
  /** Further names of the server's certificate. */
  readonly names?: readonly string[]
  readonly apiAudiences?: readonly string[]
  /** Admission of whoever runs the cluster; asked after the server's own. */
  readonly admission?: readonly AdmissionPlugin[]
}

export interface ApiServer extends AsyncDisposable {
  readonly port: number
  /** `https://127.0.0.1:6443` */
  readonly url: string
  /** The cluster's CA, PEM. */
  readonly caPem: string
  /** The API from within, as the server itself. */
  readonly client: ClusterClient
  /** The API from within as another user, as webhooks and managedFields then see it. */
  clientAs(user: UserInfo, fieldManager?: string): ClusterClient
}

/** What `/version` says. The `-eks-` is what tools know an EKS cluster by. */
const version = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.5-eks-podpass',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2025-05-15T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}

/** Starts serving; what a new cluster needs is made first. Closing ends watches and drains requests. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, prefix, clock, ca, issuer, log, host } = options
  const schema = openSchema()
  const cluster = clusterMachinery({
    store,
    prefix,
    clock,
    issuer,
    track: fieldTracker(schema, () => clock.now()),
    webhooks: (objects) =>
      mutatingWebhooks({ objects, schema, log, serviceAddress: options.serviceAddress }),
    ...(options.apiAudiences ? { apiAudiences: options.apiAudiences } : {}),
    ...(options.admission ? { plugins: options.admission } : {}),
    ...(options.authorizers ? { authorizers: options.authorizers } : {}),
  })
  const { machinery, tokens, apiAudiences, clientAs } = cluster
  const closing = new AbortController()
  const { registry } = machinery
  const handler = requestHandler({
    machinery,
    tokens,
    schema,
    authenticator: {
      tokens,
      apiAudiences,
      authenticateAws: options.authenticateAws ?? (() => undefined),
      byConnection: new WeakMap(),
    },
    authorizers: cluster.authorizers,
    nodeAgent: options.nodeAgent ?? (() => undefined),
    closing: closing.signal,
    discovery: discoveryOf(registry, `${host}:${options.port}`),
    openApi: openApiOf(registry, schema, 'v1.32.5'),
    issuer,
    version,
    log,
  })
  const server = await listen(options, (request, response) => void handler(request, response))
  server.on('upgrade', (request, socket, head) => {
    const { response, upgrade } = upgradeOf(request, socket, head)
    void handler(request, response, upgrade)
  })
  const { port } = server.address() as AddressInfo
  const client = clientAs(serverUser)
  await bootstrapCluster(client, port)
  await bootstrapRoles(client)
  const expiry = expireEvents({ client, clock, log })
  log.info({ cluster: options.name, port }, 'the Kubernetes API is served')
  return {
    port,
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caPem: ca.certPem,
    client,
    clientAs,
    async [Symbol.asyncDispose]() {
      closing.abort()
      expiry[Symbol.dispose]()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const late = setTimeout(() => server.closeAllConnections(), drainMs)
      await closed
      clearTimeout(late)
      cluster[Symbol.dispose]()
    },
  }
}

/** How long requests in flight may take when the server closes. */
const drainMs = 2000

async function listen(
  { host, port, ca, names = [] }: ApiServerOptions,
  listener: Parameters<typeof createServer>[1],
): Promise<Server> {
  const service = 'kubernetes.default.svc'
  const isAddress = /^[\d.]+$|:/.test(host)
  const { cert, key } = await ca.issueServer({
    names: [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      service,
      `${service}.cluster.local`,
      ...(isAddress ? [] : [host]),
      ...names,
    ],
    addresses: [...new Set(['127.0.0.1', '::1', '10.100.0.1', ...(isAddress ? [host] : [])])],
  })
  const server = createServer(
    {
      cert,
      key,
      ca: [ca.certPem],
      requestCert: true,
      // Whoever has no certificate may have a token; the handler decides.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 64 * 1024,
      requestTimeout: 60_000,
      // Other wishes for another protocol are passed over, as HTTP allows.
      shouldUpgradeCallback: asksForWebSocket,
    },
    listener,
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return server
}
