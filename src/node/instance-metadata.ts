/** EC2's instance metadata service for one node: versions 1 and 2, with the node role's credentials. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as NetServer } from 'node:net'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Log } from '../audit/log.ts'
import type { RoleDelivery } from '../aws/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { type Answer, close, listen, pageOf, portOf, send } from './metadata-http.ts'
import { MetadataTokens, parseTtl } from './metadata-token.ts'
import {
  type Instance,
  type MetadataDirectory,
  metadataTree,
  readMetadata,
} from './metadata-tree.ts'
import { type AskCredentials, NodeCredentials } from './node-credentials.ts'
import type { RoleProxy } from './role-proxy.ts'

export interface InstanceMetadataOptions {
  readonly host: string
  /** Of the node's own listener; 0: any free one. Each pod gets one more. */
  readonly port: number
  readonly clock: Clock
  readonly log: Log
  readonly instance: Instance
  /** The node's role; without, the instance has no profile and `iam/` is not there. */
  readonly roleArn: string | undefined
  /** The instance profile that the role is in; default: one of the role's own name. */
  readonly instanceProfile?: () => { readonly arn: string; readonly id: string } | undefined
  /** Cluster of the pods, for their subjects. */
  readonly clusterName: string
  readonly credentials: AskCredentials
  /** Read at each request, so that they can change. */
  readonly options?: () => MetadataOptions
  /** What stands between pods (not those on the host's network) and the metadata, if anything. Read at each request. */
  readonly roleProxy?: () => RoleProxy | undefined
  /** The address that a pod's packets bear, where the pod does not choose another itself. */
  readonly addressOf?: (pod: PodSubject) => string | undefined
}

/** An instance's metadata options, as `aws ec2 modify-instance-metadata-options` sets them. */
export interface MetadataOptions {
  /** `required`: version 2 only. Default `optional`. */
  readonly httpTokens?: 'optional' | 'required'
  readonly httpEndpoint?: 'enabled' | 'disabled'
  /** With 1 the answer to a token request does not reach a pod that is not on the host's network. Default 2. */
  readonly hopLimit?: number
  /** How such a pod learns of it: `silent` (default), as on EC2, until it gives up; `reject`: the connection ends at once. */
  readonly blockedPods?: 'silent' | 'reject'
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
  /** Answers on one more listener, in a network where pods are known by the addresses that they send from. */
  serve(
    door: NetServer,
    podAt: (address: string) => MetadataPod | undefined,
  ): Promise<AsyncDisposable>
  /** Closes the pod's listener. */
  forget(pod: MetadataPod): void
}

/** Who is behind a listener. */
interface Caller {
  readonly pod: PodSubject | undefined
  readonly isOnHostNetwork: boolean
  /** What it may read, by the version in which it asks; made once, since what changes in it is asked at each request. */
  readonly trees: { readonly [version in RoleDelivery]: MetadataDirectory }
}

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
      : new NodeCredentials({
          clock,
          instanceId,
          region: instance.region,
          account,
          roleArn,
          ask: options.credentials,
          ...(options.instanceProfile ? { instanceProfile: options.instanceProfile } : {}),
        })
  const treesOf = (pod: PodSubject | undefined) => ({
    '1.0': metadataTree(instance, credentials?.directory(pod, '1.0')),
    '2.0': metadataTree(instance, credentials?.directory(pod, '2.0')),
  })
  const answer = (caller: Caller, request: IncomingMessage, response: ServerResponse) => {
    handle({ request, response, caller, options, tokens }).catch((error) => {
      options.log.error({ error }, 'instance metadata failed')
      if (!response.headersSent) send(response, { status: 500 })
    })
  }
  const answers =
    (caller: Caller) =>
    (...of: [IncomingMessage, ServerResponse]) =>
      answer(caller, ...of)
  const callerOf = (pod: MetadataPod): Caller => {
    const subject = subjectOf(pod, options)
    const isOnHostNetwork = pod['spec']?.hostNetwork === true
    return { pod: subject, trees: treesOf(subject), isOnHostNetwork }
  }
  const node = { pod: undefined, trees: treesOf(undefined) }
  const own = await listen(
    { host, port: options.port },
    answers({ ...node, isOnHostNetwork: true }),
  )
  const known = new WeakMap<MetadataPod, Caller>()
  const listeners = new Map<string, Promise<Server>>()
  return {
    port: portOf(own),
    async endpointFor(pod) {
      const { uid } = pod.metadata
      const listener = listeners.get(uid) ?? listen({ host, port: 0 }, answers(callerOf(pod)))
      listeners.set(uid, listener)
      return `http://${host}:${portOf(await listener)}/`
    },
    async serve(door, podAt) {
      const server = await listen(door, (request, response) => {
        const pod = podAt(request.socket.remoteAddress ?? '')
        const caller = pod ? (known.get(pod) ?? callerOf(pod)) : { ...node, isOnHostNetwork: false }
        if (pod) known.set(pod, caller)
        answer(caller, request, response)
      })
      return { [Symbol.asyncDispose]: () => close(server) }
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
}

async function handle(exchange: Exchange & { response: ServerResponse }): Promise<void> {
  const { request, response, caller, options } = exchange
  request.resume()
  const proxy = caller.isOnHostNetwork ? undefined : options.roleProxy?.()
  if (!proxy) return write(response, answerTo(exchange))
  const proxied = await proxy.answer({
    method: request.method ?? 'GET',
    path: pathOf(request),
    sourceIp: sourceOf(request, caller, options),
    metadata(path) {
      const found = withoutToken(path, caller, options)
      return { ...found, text: found.text ?? pageOf(found.status) }
    },
  })
  if (proxied !== 'pass') {
    const headers = { 'content-type': 'text/plain; charset=utf-8', ...proxied.headers }
    return write(response, { ...proxied, headers })
  }
  // The agent is on the host's network: what it passes on is not a pod's request any more.
  write(response, answerTo({ ...exchange, caller: { ...caller, isOnHostNetwork: true } }))
}

function write(response: ServerResponse, found: Answer | 'silence' | 'reset'): void {
  if (found === 'reset') response.socket?.resetAndDestroy()
  // Of silence the client hears nothing until it gives up.
  else if (found !== 'silence') send(response, found)
}

/** The address that the packets bear: of a pod that bound one of this network's (spoofing it) that, else the pod's own. */
function sourceOf(
  request: IncomingMessage,
  caller: Caller,
  { host, addressOf }: InstanceMetadataOptions,
): string {
  const remote = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
  // Agents know IPv4 only: a pod that comes by IPv6 is known to them by its other address.
  if (remote !== host && !remote.includes(':')) return remote
  return (caller.pod && addressOf?.(caller.pod)) ?? remote
}

function answerTo({ request, caller, options, tokens }: Exchange): Answer | 'silence' | 'reset' {
  const { httpEndpoint = 'enabled' } = options.options?.() ?? {}
  if (httpEndpoint === 'disabled') return { status: 403 }
  const path = pathOf(request)
  const now = options.clock.now()
  if (/^\/[\w.-]+\/api\/token\/?$/.test(path)) return giveToken(request, caller, options, tokens)
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405 }
  const token = request.headers['x-aws-ec2-metadata-token']
  if (token === undefined) return withoutToken(path, caller, options)
  return tokens.isValid(String(token), now) ? read(path, caller.trees['2.0']) : { status: 401 }
}

/** A request of version 1. */
function withoutToken(path: string, caller: Caller, { options }: InstanceMetadataOptions): Answer {
  const { httpTokens = 'optional', httpEndpoint = 'enabled' } = options?.() ?? {}
  if (httpEndpoint === 'disabled') return { status: 403 }
  return httpTokens === 'required' ? { status: 401 } : read(path, caller.trees['1.0'])
}

function read(path: string, tree: MetadataDirectory): Answer {
  const text = readMetadata(tree, path)
  return text === undefined ? { status: 404 } : { status: 200, text }
}

/** `PUT /latest/api/token`. */
function giveToken(
  request: IncomingMessage,
  caller: Caller,
  { clock, options }: InstanceMetadataOptions,
  tokens: MetadataTokens,
): Answer | 'silence' | 'reset' {
  if (request.method !== 'PUT') return { status: 405 }
  // No careless reverse proxy may fetch a token for somebody else.
  if (request.headers['x-forwarded-for'] !== undefined) return { status: 403 }
  const ttl = parseTtl(String(request.headers[ttlHeader] ?? ''))
  if (ttl === undefined) return { status: 400 }
  // The answer's packet would die at the bridge between pod and node.
  const { hopLimit = 2, blockedPods = 'silent' } = options?.() ?? {}
  if (hopLimit < 2 && !caller.isOnHostNetwork) return blockedPods === 'reject' ? 'reset' : 'silence'
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
