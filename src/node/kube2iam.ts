/**
 * kube2iam: every node's role may assume every pod's role, and a pod says by annotation which one it wants. Kept as it is,
 * faults included, since they are what IRSA was made against (read in its source, May 2026).
 */
import { STATUS_CODES } from 'node:http'
import type { Clock } from '../kernel/clock.ts'
import {
  debugStore,
  fullArn,
  type Kube2iamSettings,
  mapRole,
  type RoleMapping,
} from './kube2iam-mapping.ts'
import { Kube2iamMetrics } from './kube2iam-metrics.ts'
import {
  type AssumedCredentials,
  type AssumeRefusal,
  type AssumeRole,
  credentialsAnswer,
  credentialsPath,
  goError,
  goHttpError,
  type PodsByAddress,
  type ProxyAnswer,
  type RoleProxy,
  type RoleProxyRequest,
  retried,
} from './role-proxy.ts'

export interface Kube2iamOptions {
  readonly clock: Clock
  /** Read at each request. */
  readonly settings: () => Kube2iamSettings
  readonly pods: PodsByAddress
  /** With the session of the node's role. */
  readonly assume: AssumeRole
  /** How long an unknown pod is looked for; default kube2iam's 2 s. */
  readonly retryMs?: number
}

/** `--iam-role-session-ttl`: how long credentials are handed out; they live twice as long. */
const cacheMs = 15 * 60_000

/** FNV-1a of 32 bits, in hex without leading zeros, as kube2iam prints it. */
export function fnv32a(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(16)
}

/** `<hash of the address>-<role>`, cut to the 64 letters that STS takes. */
export function sessionNameFor(roleArn: string, sourceIp: string): string {
  return `${fnv32a(sourceIp)}-${roleArn.slice(roleArn.lastIndexOf('/') + 1)}`.slice(0, 64)
}

interface Cached {
  readonly credentials: AssumedCredentials
  readonly fetchedAt: number
}

export class Kube2iam implements RoleProxy {
  readonly #options: Kube2iamOptions
  /** By role ARN alone, as kube2iam has it: whoever comes first gives session name and external id to all. */
  readonly #cache = new Map<string, Cached>()
  readonly #metrics = new Kube2iamMetrics()

  constructor(options: Kube2iamOptions) {
    this.#options = options
  }

  async answer(request: RoleProxyRequest): Promise<ProxyAnswer | 'pass'> {
    const { path, method, metadata } = request
    // Of the page of metrics itself there are none.
    if (path === '/metrics') {
      const text = this.#metrics.text(instanceId(metadata).status === 200)
      return { status: 200, text, headers: { 'content-type': metricsType } }
    }
    const { clock } = this.#options
    const started = clock.now()
    const [handler, answer] = await this.#handle(request)
    // What the node itself answers is not known here, so that it is not counted.
    if (answer !== 'pass') {
      this.#metrics.served(handler, method, answer.status, clock.now() - started)
    }
    return answer
  }

  async #handle(request: RoleProxyRequest): Promise<[handler: string, ProxyAnswer | 'pass']> {
    const { path, sourceIp, metadata } = request
    if (path === '/healthz') return ['healthHandler', health(metadata)]
    const { pods, settings } = this.#options
    if (path === '/debug/store' && settings().debug) {
      return ['debugStoreHandler', { status: 200, text: JSON.stringify(debugStore(pods)) }]
    }
    const wanted = credentialsPath(path)
    // Everything else, user data and the token of version 2 too, is proxied.
    if (!wanted) return ['reverseProxyHandler', 'pass']
    const handler = wanted.role === '' ? 'securityCredentialsHandler' : 'roleHandler'
    return [handler, await this.#role(wanted.role, sourceIp)]
  }

  /** The pod's role, for `''`, or the credentials of the role that it names. */
  async #role(wanted: string, sourceIp: string): Promise<ProxyAnswer> {
    const { clock, pods, settings, retryMs = 2000 } = this.#options
    const ask = () => mapRole(sourceIp, pods, settings())
    const mapping = await retried(clock, retryMs, ask, (found) => 'roleArn' in found)
    if ('problem' in mapping) return goHttpError(404, mapping.problem)
    const { roleArn } = mapping
    const { baseRoleArn } = settings()
    if (wanted === '') {
      const text =
        baseRoleArn && roleArn.startsWith(baseRoleArn) ? roleArn.slice(baseRoleArn.length) : roleArn
      return { status: 200, text }
    }
    if (fullArn(wanted, settings()) !== roleArn) return goHttpError(403, `Invalid role ${wanted}`)
    const cached = await this.#credentials(mapping, sourceIp)
    if ('code' in cached) return goHttpError(500, goError(cached))
    return credentialsAnswer(cached.credentials, cached.fetchedAt)
  }

  async #credentials(
    { roleArn, externalId, pod }: Exclude<RoleMapping, { readonly problem: string }>,
    sourceIp: string,
  ): Promise<Cached | AssumeRefusal> {
    const { clock, assume } = this.#options
    const known = this.#cache.get(roleArn)
    const started = clock.now()
    if (known && started < known.fetchedAt + cacheMs) {
      this.#metrics.hit(roleArn)
      return known
    }
    const answer = await assume({
      roleArn,
      sessionName: sessionNameFor(roleArn, sourceIp),
      durationSeconds: (2 * cacheMs) / 1000,
      ...(externalId === undefined ? {} : { externalId }),
      ...(pod ? { pod } : {}),
    })
    const now = clock.now()
    this.#metrics.assumed(roleArn, 'code' in answer ? answer.code : 'Success', now - started)
    if ('code' in answer) return answer
    const cached = { credentials: answer, fetchedAt: now }
    this.#cache.set(roleArn, cached)
    return cached
  }
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

const instanceId = (metadata: RoleProxyRequest['metadata']) =>
  metadata('/latest/meta-data/instance-id')

/** Healthy is whoever reads the instance's id by version 1: with `HttpTokens=required` it never is. */
function health(metadata: RoleProxyRequest['metadata']): ProxyAnswer {
  const { status, text } = instanceId(metadata)
  if (status !== 200) {
    const name = `${status} ${STATUS_CODES[status] ?? ''}`
    return goHttpError(500, `Error getting instance id, got status: ${name}`)
  }
  const document = { hostIP: metadata('/latest/meta-data/local-ipv4').text, instanceId: text }
  const headers = { 'content-type': 'application/json' }
  return { status: 200, text: `${JSON.stringify(document)}\n`, headers }
}
