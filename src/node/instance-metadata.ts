/**
 * EC2 instance metadata of one node, versions 1 and 2: where a pod that has nothing better finds its node's role. Each
 * pod has an address of its own (a secret path), so that a decision can be traced to the pod.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Log } from '../audit/log.ts'
import type { Credentials } from '../aws/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Refusal } from '../kernel/refusal.ts'
import { type Instance, metadataTree } from './metadata-tree.ts'
import { RoleCredentials } from './role-credentials.ts'
import { SessionTokens } from './session-tokens.ts'

/** EC2's `MetadataOptions`. */
export interface MetadataOptions {
  /** `required`: version 1 (no token) is refused. */
  readonly httpTokens: 'optional' | 'required'
  readonly httpEndpoint: 'enabled' | 'disabled'
}

/** What the metadata service asks for when a pod wants the node's role. */
export interface CredentialsRequest {
  readonly roleArn: string
  readonly sessionName: string
  readonly durationSeconds: number
  readonly instanceId: string
  readonly pod?: PodSubject
}

export interface InstanceMetadataOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly clock: Clock
  readonly log: Log
  readonly instance: Instance
  /** The node's role; undefined: the instance has no profile. */
  readonly roleArn: string | undefined
  readonly clusterName: string
  readonly credentials: (request: CredentialsRequest) => Credentials | Refusal
  /** Read at each request, so that they can change. Default: tokens optional, endpoint enabled. */
  readonly options?: () => MetadataOptions
}

/** A pod as the API server knows it. */
interface PodObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string }
  // biome-ignore lint/suspicious/noExplicitAny: a pod's other fields are the API's
  readonly [field: string]: any
}

export interface InstanceMetadata extends AsyncDisposable {
  readonly port: number
  /** The pod's own address, for AWS_EC2_METADATA_SERVICE_ENDPOINT; ends with `/`, as the AWS command line needs it. */
  endpointFor(pod: PodObject): string
  /** Takes a pod's address back. */
  forget(pod: PodObject): void
}

interface Visitor {
  readonly secret: string
  readonly subject: PodSubject
}

const defaults: MetadataOptions = { httpTokens: 'optional', httpEndpoint: 'enabled' }
const ttlHeader = 'x-aws-ec2-metadata-token-ttl-seconds'
const limits = { maxHeaderSize: 16_384, headersTimeout: 5_000, requestTimeout: 5_000 }

/** Starts the service of one node. */
export async function startInstanceMetadata(
  options: InstanceMetadataOptions,
): Promise<InstanceMetadata> {
  const { host, port, clock, log } = options
  const visitors = new Map<string, Visitor>()
  const byPod = new Map<string, Visitor>()
  const tokens = new SessionTokens(clock)
  const credentials = new RoleCredentials(options)
  const server = createServer(limits, (request, response) => {
    request.resume()
    try {
      send(response, answer(request, { options, visitors, tokens, credentials }))
    } catch (error) {
      log.error({ error }, 'instance metadata failed')
      send(response, { status: 500 })
    }
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(port, host)
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    endpointFor(pod) {
      let visitor = byPod.get(pod.metadata.uid)
      if (!visitor) {
        visitor = newVisitor(pod, options.clusterName)
        byPod.set(pod.metadata.uid, visitor)
        visitors.set(visitor.secret, visitor)
      }
      return `http://${host}:${bound}/${visitor.secret}/`
    },
    forget(pod) {
      const visitor = byPod.get(pod.metadata.uid)
      if (!visitor) return
      byPod.delete(pod.metadata.uid)
      visitors.delete(visitor.secret)
      credentials.forget(visitor.secret)
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function newVisitor(pod: PodObject, cluster: string): Visitor {
  const { name, namespace = 'default', uid } = pod.metadata
  const serviceAccount: string = pod['spec']?.serviceAccountName ?? 'default'
  return {
    secret: randomBytes(16).toString('hex'),
    subject: { cluster, namespace, pod: name, podUid: uid, serviceAccount },
  }
}

interface Parts {
  readonly options: InstanceMetadataOptions
  readonly visitors: ReadonlyMap<string, Visitor>
  readonly tokens: SessionTokens
  readonly credentials: RoleCredentials
}

interface Answer {
  readonly status: number
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

function answer(request: IncomingMessage, parts: Parts): Answer {
  const { options, tokens } = parts
  const { httpTokens, httpEndpoint } = options.options?.() ?? defaults
  const target = /^\/([0-9a-f]{32})(\/[^?]*)/.exec(request.url ?? '')
  const visitor = parts.visitors.get(target?.[1] ?? '')
  if (!visitor) return { status: 404 }
  if (httpEndpoint === 'disabled') return { status: 403 }
  const path = (target?.[2] ?? '/').replace(/\/{2,}/g, '/')
  if (path === '/latest/api/token') return giveToken(request, tokens)
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405 }
  const token = request.headers['x-aws-ec2-metadata-token']
  if (token === undefined ? httpTokens === 'required' : !tokens.isGood(String(token))) {
    return { status: 401 }
  }
  const text = read(path, visitor, parts)
  return text === undefined ? { status: 404 } : { status: 200, text }
}

/** `PUT /latest/api/token`. */
function giveToken(request: IncomingMessage, tokens: SessionTokens): Answer {
  if (request.method !== 'PUT') return { status: 405 }
  // No careless reverse proxy may fetch a token for a stranger.
  if (request.headers['x-forwarded-for'] !== undefined) return { status: 403 }
  const wanted = String(request.headers[ttlHeader] ?? '')
  const seconds = /^\d{1,5}$/.test(wanted) ? Number(wanted) : 0
  if (seconds < 1 || seconds > 21_600) return { status: 400 }
  return { status: 200, text: tokens.issue(seconds), headers: { [ttlHeader]: String(seconds) } }
}

function read(path: string, { secret, subject }: Visitor, parts: Parts): string | undefined {
  const { instance, roleArn } = parts.options
  const roleName = roleArn?.slice(roleArn.lastIndexOf('/') + 1)
  const credentialsPath = '/latest/meta-data/iam/security-credentials/'
  if (roleName !== undefined && path === `${credentialsPath}${roleName}`) {
    return parts.credentials.document(secret, subject)
  }
  return metadataTree(instance, roleArn, parts.options.clock.now())(path)
}

function send(response: ServerResponse, { status, text = '', headers }: Answer): void {
  response.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(text),
    server: 'EC2ws',
    ...headers,
    ...(status >= 400 && { connection: 'close' }),
  })
  response.end(text)
}
