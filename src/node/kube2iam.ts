/**
 * kube2iam: every node's role may assume every pod's role, and a pod says by annotation which one it wants. Kept as it is,
 * faults included, since they are what IRSA was made against (read in its source, May 2026).
 */
import type { PodSubject } from '../audit/audit-log.ts'
import type { Clock } from '../kernel/clock.ts'
import {
  type AssumedCredentials,
  type AssumeRefusal,
  type AssumeRole,
  credentialsAnswer,
  credentialsPath,
  expressionMatches,
  goError,
  goHttpError,
  type PodsByAddress,
  type ProxyAnswer,
  type RoleProxy,
  type RoleProxyRequest,
  retried,
} from './role-proxy.ts'

/** kube2iam's flags. */
export interface Kube2iamSettings {
  /** `--base-role-arn`: `arn:aws:iam::111122223333:role/`. */
  readonly baseRoleArn?: string
  /** `--default-role`, of pods without the annotation. */
  readonly defaultRole?: string
  /** `--namespace-restrictions`. Off unless asked for. */
  readonly namespaceRestrictions?: boolean
  /** `--namespace-restriction-format`, default `glob`. */
  readonly namespaceRestrictionFormat?: 'glob' | 'regexp'
}

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

const roleKey = 'iam.amazonaws.com/role'
const externalIdKey = 'iam.amazonaws.com/external-id'
const namespaceKey = 'iam.amazonaws.com/allowed-roles'
/** `--iam-role-session-ttl`: how long credentials are handed out; they live twice as long. */
const cacheMs = 15 * 60_000

/** What the address of a pod leads to. */
export type RoleMapping =
  | {
      readonly roleArn: string
      readonly namespace: string
      readonly externalId?: string
      readonly pod?: PodSubject
    }
  | { readonly problem: string }

/** The role of the pod at an address. Nothing but the address speaks for the pod. */
export function mapRole(
  sourceIp: string,
  pods: PodsByAddress,
  settings: Kube2iamSettings,
): RoleMapping {
  const found = pods.activePodsAt(sourceIp)
  const [pod] = found
  if (!pod) return { problem: 'pod with specificed IP not found' }
  if (found.length > 1) {
    const names = found.map(({ name }) => name).join(' ')
    return { problem: `${found.length} pods ([${names}]) with the ip ${sourceIp} indexed` }
  }
  const raw = pod.annotations[roleKey] ?? settings.defaultRole
  if (!raw) return { problem: `unable to find role for IP ${sourceIp}` }
  const roleArn = fullArn(raw, settings)
  if (!isAllowed(roleArn, pod.namespace, pods, settings)) {
    return {
      problem: `role requested ${roleArn} not valid for namespace of pod at ${sourceIp} with namespace ${pod.namespace}`,
    }
  }
  const externalId = pod.annotations[externalIdKey]
  return {
    roleArn,
    namespace: pod.namespace,
    ...(externalId ? { externalId } : {}),
    ...(pod.subject ? { pod: pod.subject } : {}),
  }
}

/** A role's name after the base; an ARN as it is. */
function fullArn(role: string, { baseRoleArn = '' }: Kube2iamSettings): string {
  if (role.startsWith('arn:')) return role
  return `${baseRoleArn}${role.replace(/^\//, '')}`
}

function isAllowed(
  roleArn: string,
  namespace: string,
  pods: PodsByAddress,
  settings: Kube2iamSettings,
): boolean {
  const { namespaceRestrictions = false, namespaceRestrictionFormat, defaultRole } = settings
  if (!namespaceRestrictions) return true
  if (defaultRole && roleArn === fullArn(defaultRole, settings)) return true
  return allowedRoles(pods.namespaceAnnotations(namespace)?.[namespaceKey]).some((given) => {
    const pattern = fullArn(given, settings)
    if (namespaceRestrictionFormat !== 'regexp') return globMatches(pattern, roleArn)
    // As it is in kube2iam: not anchored, so `app` also allows `my-app-admin`, and `.` is any letter.
    return expressionMatches(pattern, roleArn)
  })
}

/** The annotation's JSON array; what is none allows nothing. */
function allowedRoles(annotation: string | undefined): string[] {
  try {
    const list: unknown = JSON.parse(annotation ?? '[]')
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
  } catch {
    return []
  }
}

/** `*` is any run of letters, slashes too; nothing else is special. In one walk, without going back far. */
function globMatches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === text
  if (!text.startsWith(first)) return false
  const last = rest.pop() ?? ''
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

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

  constructor(options: Kube2iamOptions) {
    this.#options = options
  }

  async answer({ path, sourceIp }: RoleProxyRequest): Promise<ProxyAnswer | 'pass'> {
    const wanted = credentialsPath(path)
    // Everything else, user data and the token of version 2 too, is proxied.
    if (!wanted) return 'pass'
    const { clock, pods, settings, retryMs = 2000 } = this.#options
    const ask = () => mapRole(sourceIp, pods, settings())
    const mapping = await retried(clock, retryMs, ask, (found) => 'roleArn' in found)
    if ('problem' in mapping) return goHttpError(404, mapping.problem)
    const { roleArn } = mapping
    const { baseRoleArn } = settings()
    if (wanted.role === '') {
      const text =
        baseRoleArn && roleArn.startsWith(baseRoleArn) ? roleArn.slice(baseRoleArn.length) : roleArn
      return { status: 200, text }
    }
    if (fullArn(wanted.role, settings()) !== roleArn) {
      return goHttpError(403, `Invalid role ${wanted.role}`)
    }
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
    if (known && clock.now() < known.fetchedAt + cacheMs) return known
    const answer = await assume({
      roleArn,
      sessionName: sessionNameFor(roleArn, sourceIp),
      durationSeconds: (2 * cacheMs) / 1000,
      ...(externalId === undefined ? {} : { externalId }),
      ...(pod ? { pod } : {}),
    })
    if ('code' in answer) return answer
    const cached = { credentials: answer, fetchedAt: clock.now() }
    this.#cache.set(roleArn, cached)
    return cached
  }
}
