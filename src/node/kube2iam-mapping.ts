/** Which role kube2iam gives to which address, and what it shows of that when asked to. Pure. */
import type { PodSubject } from '../audit/audit-log.ts'
import { expressionMatches, type PodsByAddress } from './role-proxy.ts'

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
  /** `--debug`: shows all it knows at `/debug/store`, to any pod. */
  readonly debug?: boolean
}

const roleKey = 'iam.amazonaws.com/role'
const externalIdKey = 'iam.amazonaws.com/external-id'
const namespaceKey = 'iam.amazonaws.com/allowed-roles'

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
  const annotated = pod.annotations[roleKey]
  const fallback = fallbackArn(settings)
  if (annotated === undefined && fallback === '') {
    return { problem: `unable to find role for IP ${sourceIp}` }
  }
  const roleArn = annotated === undefined ? fallback : fullArn(annotated, settings)
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
export function fullArn(role: string, { baseRoleArn = '' }: Kube2iamSettings): string {
  return /^arn:/i.test(role) ? role : `${baseRoleArn}${role}`
}

/**
 * The role of pods without the annotation. As it is in kube2iam: where there is a base but no default role, the base
 * itself stands for it, so that such pods are not told 404 but, in a list of 200, no role.
 */
function fallbackArn(settings: Kube2iamSettings): string {
  return fullArn(settings.defaultRole ?? '', settings)
}

function isAllowed(
  roleArn: string,
  namespace: string,
  pods: PodsByAddress,
  settings: Kube2iamSettings,
): boolean {
  const { namespaceRestrictions = false, namespaceRestrictionFormat } = settings
  if (!namespaceRestrictions || roleArn === fallbackArn(settings)) return true
  const allowed = allowedRoles(pods.namespaceAnnotations(namespace)?.[namespaceKey]) ?? []
  return allowed.some((given) => {
    const pattern = fullArn(given, settings)
    if (namespaceRestrictionFormat !== 'regexp') return globMatches(pattern, roleArn)
    // As it is in kube2iam: not anchored, so `app` also allows `my-app-admin`, and `.` is any letter.
    return expressionMatches(pattern, roleArn)
  })
}

/** The annotation's JSON array; null: it is none, which allows nothing. */
function allowedRoles(annotation: string | undefined): string[] | null {
  try {
    const list: unknown = JSON.parse(annotation ?? '')
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : null
  } catch {
    return null
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

/** What `/debug/store` shows: every pod's role and every namespace's rule. */
export function debugStore(pods: PodsByAddress): object {
  const known = pods.addresses().flatMap((ip) => {
    const found = pods.activePodsAt(ip)
    const [pod] = found
    return pod && found.length === 1 ? [{ ip, pod }] : []
  })
  const allowed = (name: string) => allowedRoles(pods.namespaceAnnotations(name)?.[namespaceKey])
  return {
    namespaceByIP: Object.fromEntries(known.map(({ ip, pod }) => [ip, pod.namespace])),
    rolesByIP: Object.fromEntries(known.map(({ ip, pod }) => [ip, pod.annotations[roleKey] ?? ''])),
    rolesByNamespace: Object.fromEntries(pods.namespaces().map((name) => [name, allowed(name)])),
  }
}
