/**
 * kiam: an agent on each node asks one server, which alone may assume pods' roles, and a namespace says which ones its
 * pods may have. Kept as its last version was (2023), since it, too, knows a pod by its address only.
 */
import type { Clock } from '../kernel/clock.ts'
import {
  type AnnotatedPod,
  type AssumedCredentials,
  type AssumeRefusal,
  type AssumeRole,
  credentialsAnswer,
  credentialsPath,
  expressionMatches,
  goError,
  goHttpError,
  goRedirect,
  type PodsByAddress,
  type ProxyAnswer,
  type RoleProxy,
  type RoleProxyRequest,
  retried,
} from './role-proxy.ts'

/** kiam's flags. */
export interface KiamSettings {
  /** `--role-base-arn`: `arn:aws:iam::111122223333:role/`. */
  readonly roleBaseArn?: string
  /** `--allow-route-regexp` of the agent; default: no route. */
  readonly allowRouteRegexp?: string
  /** `--strict-namespace-regexp`, default true: the expression stands between `^` and `$`. */
  readonly strictNamespaceRegexp?: boolean
}

export interface KiamOptions {
  readonly clock: Clock
  /** Read at each request. */
  readonly settings: () => KiamSettings
  readonly pods: PodsByAddress
  /** With the session of the server's role. */
  readonly assume: AssumeRole
  /** Tells a pod's namespace what was refused: a Warning event. */
  readonly event?: (pod: AnnotatedPod, reason: string, message: string) => void
  /** How long an unknown pod is looked for; default kiam's 5 s. */
  readonly retryMs?: number
}

const roleKey = 'iam.amazonaws.com/role'
const externalIdKey = 'iam.amazonaws.com/external-id'
const sessionNameKey = 'iam.amazonaws.com/session-name'
const permittedKey = 'iam.amazonaws.com/permitted'
const durationSeconds = 15 * 60
/** New credentials are fetched this long before the old ones end. */
const refreshMs = 5 * 60_000

export type PodAtAddress = { readonly pod: AnnotatedPod } | { readonly problem: string }

/** The pod at an address. Nothing but the address speaks for it. */
export function findPod(sourceIp: string, pods: PodsByAddress): PodAtAddress {
  const found = pods.activePodsAt(sourceIp)
  const [pod] = found
  if (!pod) return { problem: 'pod not found' }
  return found.length > 1 ? { problem: 'multiple running pods found' } : { pod }
}

/** May the pod have the role it asks for? Undefined: yes; else kiam's explanation, which only its log and events show. */
export function forbids(
  requested: string,
  pod: AnnotatedPod,
  pods: PodsByAddress,
  settings: KiamSettings,
): string | undefined {
  const annotated = pod.annotations[roleKey] ?? ''
  const role = fullArn(requested, settings)
  if (fullArn(annotated, settings) !== role) {
    return `requested '${requested}' but annotated with '${annotated}', forbidden`
  }
  const expression = pods.namespaceAnnotations(pod.namespace)?.[permittedKey] ?? ''
  if (expression === '') return `namespace policy expression '(empty)' forbids role '${requested}'`
  const { strictNamespaceRegexp = true } = settings
  // As it is in kiam: the ends belong to the first and the last alternative only, so that `a|b` is `^a` or `b$`.
  const rule = strictNamespaceRegexp ? `^${expression}$` : expression
  if (expressionMatches(rule, role)) return undefined
  return `namespace policy expression '${expression}' forbids role '${role}'`
}

function fullArn(role: string, { roleBaseArn = '' }: KiamSettings): string {
  return role.startsWith('arn:') ? role : `${roleBaseArn}${role.replace(/^\//, '')}`
}

/** `kiam-<name>`, made of letters that STS takes and cut as kiam cuts it. */
export function sessionNameFor(pod: AnnotatedPod): string {
  const name = `kiam-${pod.annotations[sessionNameKey] ?? 'kiam'}`
  return (name.length > 64 ? name.slice(0, 63) : name).replace(/[^\w+=,.@-]/g, '-')
}

interface Cached {
  readonly credentials: AssumedCredentials
  readonly fetchedAt: number
}

export class Kiam implements RoleProxy {
  readonly #options: KiamOptions
  readonly #cache = new Map<string, Cached>()

  constructor(options: KiamOptions) {
    this.#options = options
  }

  async answer(request: RoleProxyRequest): Promise<ProxyAnswer | 'pass'> {
    const { method, path, sourceIp, metadata } = request
    if (path === '/ping') return { status: 200, text: 'pong' }
    // As it is in kiam: the status of what the node answers by version 1 is not looked at.
    if (path === '/health') {
      return { status: 200, text: metadata('/latest/meta-data/instance-id').text }
    }
    const wanted = credentialsPath(path)
    if (!wanted) return this.#otherRoute(method, path)
    if (!wanted.slash) return goRedirect(`${encodeURI(path)}/`)
    const { clock, pods, settings, retryMs = 5000 } = this.#options
    const found = await retried(
      clock,
      retryMs,
      () => findPod(sourceIp, pods),
      (answer) => 'pod' in answer,
    )
    if (wanted.role === '') {
      if ('problem' in found) return goHttpError(500, found.problem)
      const role = found.pod.annotations[roleKey]
      return role ? { status: 200, text: role } : goHttpError(404, 'empty role')
    }
    // As it is in kiam: its server has another text for this one where credentials are asked for.
    if ('problem' in found) return failure(found.problem.replace('pod not found', 'no pod found'))
    const { pod } = found
    const refusal = forbids(wanted.role, pod, pods, settings())
    if (refusal !== undefined) {
      const message = `failed assuming role ${JSON.stringify(wanted.role)}: ${refusal}`
      this.#options.event?.(pod, 'KiamRoleForbidden', message)
      return failure('forbidden by policy')
    }
    const cached = await this.#credentials(fullArn(wanted.role, settings()), pod)
    if ('code' in cached) {
      const message = `failed retrieving credentials: ${cached.code}: ${cached.message}`
      this.#options.event?.(pod, 'KiamCredentialError', message)
      return failure(goError(cached))
    }
    const answer = credentialsAnswer(cached.credentials, cached.fetchedAt)
    return { ...answer, headers: { 'content-type': 'application/json' } }
  }

  #otherRoute(method: string, path: string): ProxyAnswer | 'pass' {
    if (method === 'PUT' && /^\/[^/]+\/api\/token\/?$/.test(path)) return 'pass'
    const { allowRouteRegexp = '' } = this.#options.settings()
    if (allowRouteRegexp !== '' && expressionMatches(allowRouteRegexp, path)) return 'pass'
    const rule = JSON.stringify(allowRouteRegexp || '^$')
    return goHttpError(404, `request blocked by allow-route-regexp ${rule}: ${path}`)
  }

  async #credentials(roleArn: string, pod: AnnotatedPod): Promise<Cached | AssumeRefusal> {
    const { clock, assume } = this.#options
    const sessionName = sessionNameFor(pod)
    const externalId = pod.annotations[externalIdKey]
    const key = JSON.stringify([roleArn, sessionName, externalId])
    const known = this.#cache.get(key)
    const now = clock.now()
    if (known && now < known.fetchedAt + durationSeconds * 1000 - refreshMs) return known
    for (const [other, { credentials }] of this.#cache) {
      if (credentials.expiration <= now) this.#cache.delete(other)
    }
    const answer = await assume({
      roleArn,
      sessionName,
      durationSeconds,
      ...(externalId ? { externalId } : {}),
      ...(pod.subject ? { pod: pod.subject } : {}),
    })
    if ('code' in answer) return answer
    const cached = { credentials: answer, fetchedAt: now }
    this.#cache.set(key, cached)
    return cached
  }
}

function failure(why: string): ProxyAnswer {
  return goHttpError(500, `error fetching credentials: ${why}`)
}
