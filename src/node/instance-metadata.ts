/** EC2's instance metadata service for one node: versions 1 and 2, with the node role's credentials. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Log } from '../audit/log.ts'
import type { Clock } from '../kernel/clock.ts'
import { MetadataTokens, parseTtl } from './metadata-token.ts'
import { type Instance, metadataTree, readMetadata } from './metadata-tree.ts'
import { type AskCredentials, NodeCredentials } from './node-credentials.ts'

export interface InstanceMetadataOptions {
  readonly host: string
  /** Of the node's own listener; 0: any free one. Each pod gets one more. */
  readonly port: number
  readonly clock: Clock
  readonly log: Log
  readonly instance: Instance
  /** The node's role; without, the instance has no profile and `iam/` is not there. */
  readonly roleArn: string | undefined
  /** Cluster of the pods, for their subjects. */
  readonly clusterName: string
  readonly credentials: AskCredentials
  /** Read at each request, so that they can change. */
  readonly options?: () => MetadataOptions
}

/** An instance's metadata options, as `aws ec2 modify-instance-metadata-options` sets them. */
export interface MetadataOptions {
  /** `required`: version 2 only. Default `optional`. */
  readonly httpTokens?: 'optional' | 'required'
  readonly httpEndpoint?: 'enabled' | 'disabled'
  /** With 1 the answer to a token request does not reach a pod that is not on the host's network. Default 2. */
  readonly hopLimit?: number
}

/** As much of a pod as decides who asks. */
export interface MetadataPod {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string }
  // biome-ignore lint/suspicious/noExplicitAny: the fields of a kind are the API's, not ours to close
  readonly [field: string]: any
}

export interface InstanceMetadata extends AsyncDisposable {
  readonly port: number
  /**
   * Base URL for one pod, with a slash at the end: its own listener tells who asks. A secret in the path would not
   * do, because the JavaScript SDK drops the path of the endpoint.
   */
  endpointFor(pod: MetadataPod): Promise<string>
  /** Closes the pod's listener. */
  forget(pod: MetadataPod): void
}

/** Who is behind a listener. */
interface Caller {
  readonly pod: PodSubject | undefined
  readonly isOnHostNetwork: boolean
}

const requestTimeoutMs = 10_000
const ttlHeader = 'x-aws-ec2-metadata-token-ttl-seconds'

export async function startInstanceMetadata(
  options: InstanceMetadataOptions,
): Promise<InstanceMetadata> {
  const { host, clock, instance, roleArn } = options
  const tokens = new MetadataTokens()
  const { instanceId, account } = instance
  const credentials =
    roleArn === undefined
      ? undefined
      : new NodeCredentials({ clock, instanceId, account, roleArn, ask: options.credentials })
  const answer = (caller: Caller) => (request: IncomingMessage, response: ServerResponse) => {
    try {
      handle({ request, response, caller, options, tokens, credentials })
    } catch (error) {
      options.log.error({ error }, 'instance metadata failed')
      send(response, { status: 500 })
    }
  }
  const own = await listen(host, options.port, answer({ pod: undefined, isOnHostNetwork: true }))
  const listeners = new Map<string, Promise<Server>>()
  return {
    port: portOf(own),
    async endpointFor(pod) {
      const { uid } = pod.metadata
      const caller = {
        pod: subjectOf(pod, options),
        isOnHostNetwork: pod['spec']?.hostNetwork === true,
      }
      const listener = listeners.get(uid) ?? listen(host, 0, answer(caller))
      listeners.set(uid, listener)
      return `http://${host}:${portOf(await listener)}/`
    },
    forget({ metadata: { uid } }) {
      const listener = listeners.get(uid)
      listeners.delete(uid)
      credentials?.forget(uid)
      if (listener) void listener.then(close)
    },
    async [Symbol.asyncDispose]() {
      const all = await Promise.all(listeners.values())
      listeners.clear()
      await Promise.all([own, ...all].map(close))
    },
  }
}

function subjectOf(pod: MetadataPod, { clusterName }: InstanceMetadataOptions): PodSubject {
  const { name, namespace = 'default', uid } = pod.metadata
  const serviceAccount: string = pod['spec']?.serviceAccountName ?? 'default'
  return { cluster: clusterName, namespace, pod: name, podUid: uid, serviceAccount }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly caller: Caller
  readonly options: InstanceMetadataOptions
  readonly tokens: MetadataTokens
  readonly credentials: NodeCredentials | undefined
}

function handle({ request, response, ...of }: Exchange & { response: ServerResponse }): void {
  request.resume()
  const found = answerTo({ request, ...of })
  // Undefined is silence: the client hears nothing until it gives up.
  if (found) send(response, found)
}

interface Answer {
  readonly status: number
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

function answerTo({ request, caller, options, tokens, credentials }: Exchange): Answer | undefined {
  const { httpTokens = 'optional', httpEndpoint = 'enabled' } = options.options?.() ?? {}
  if (httpEndpoint === 'disabled') return { status: 403 }
  const path = pathOf(request)
  const now = options.clock.now()
  if (/^\/[\w.-]+\/api\/token\/?$/.test(path)) return giveToken(request, caller, options, tokens)
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405 }
  const token = request.headers['x-aws-ec2-metadata-token']
  const isTokenBad = token !== undefined && !tokens.isValid(String(token), now)
  if (isTokenBad || (token === undefined && httpTokens === 'required')) return { status: 401 }
  const tree = metadataTree(options.instance, credentials?.directory(caller.pod))
  const text = readMetadata(tree, path)
  return text === undefined ? { status: 404 } : { status: 200, text }
}

/** `PUT /latest/api/token`. */
function giveToken(
  request: IncomingMessage,
  caller: Caller,
  { clock, options }: InstanceMetadataOptions,
  tokens: MetadataTokens,
): Answer | undefined {
  if (request.method !== 'PUT') return { status: 405 }
  // No careless reverse proxy may fetch a token for somebody else.
  if (request.headers['x-forwarded-for'] !== undefined) return { status: 403 }
  const ttl = parseTtl(String(request.headers[ttlHeader] ?? ''))
  if (ttl === undefined) return { status: 400 }
  // The answer's packet would die at the bridge between pod and node.
  if ((options?.().hopLimit ?? 2) < 2 && !caller.isOnHostNetwork) return undefined
  return {
    status: 200,
    text: tokens.issue(ttl, clock.now()),
    headers: { [ttlHeader]: String(ttl) },
  }
}

function pathOf(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function send(response: ServerResponse, { status, text, headers }: Answer): void {
  const body = text ?? page(status)
  response.writeHead(status, {
    'content-type': text === undefined ? 'text/html' : 'text/plain',
    'content-length': Buffer.byteLength(body),
    server: 'EC2ws',
    ...headers,
    connection: 'close',
  })
  response.end(body)
}

function page(status: number): string {
  const title = STATUS_CODES[status] ?? ''
  return `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${status} - ${title}</title>
 </head>
 <body>
  <h1>${status} - ${title}</h1>
 </body>
</html>
`
}

async function listen(
  host: string,
  port: number,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer({ requestTimeout: requestTimeoutMs, maxHeaderSize: 16_384 }, handler)
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
  return server
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
