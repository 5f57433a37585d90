/** ServiceAccount tokens: what is issued, and whether one that comes back still holds. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { Issuer } from '../../oidc/issuer-port.ts'
import type { KubernetesObject, UserInfo } from '../object.ts'
import { invalidValue } from './field-errors.ts'
import type { Objects } from './objects.ts'
import { nodes } from './resources/nodes.ts'
import { pods } from './resources/pods.ts'
import { secrets } from './resources/secrets.ts'
import { serviceAccounts } from './resources/service-accounts.ts'
import { badRequest, conflict, forbidden, invalid, notFound } from './status.ts'

/** The lifetime (s) that marks a pod's own API token: it is stretched, and warned of after this time. */
const stretchedSeconds = 3607
const stretchedToSeconds = 31_536_000
const requestKind = { group: 'authentication.k8s.io', kind: 'TokenRequest' }
const tokenResource = { group: '', resource: 'serviceaccounts/token' }

export interface TokenSpec {
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  readonly boundObjectRef?: {
    readonly kind: string
    readonly apiVersion?: string
    readonly name: string
    readonly uid?: string
  }
}

/** A token that was accepted; or why not, for a TokenReview's `error`. */
export type TokenVerdict =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly why: string }

export interface ServiceAccountTokens {
  /** `expirationTimestamp` in ms: what the client is told, not what a stretched token carries. */
  issue(
    namespace: string,
    name: string,
    spec: TokenSpec,
  ): { token: string; expirationTimestamp: number; audiences: readonly string[] }
  /** `audiences`: those of which the token must have one. Undefined: not a token of ours at all. */
  verify(token: string, audiences: readonly string[]): TokenVerdict | undefined
}

interface Reference {
  readonly name: string
  readonly uid: string
}
interface PrivateClaims {
  readonly namespace: string
  readonly node?: Reference
  readonly pod?: Reference
  readonly secret?: Reference
  readonly serviceaccount: Reference
  readonly warnafter?: number
}

export function serviceAccountTokens(deps: {
  readonly objects: Objects
  readonly issuer: Issuer
  readonly clock: Clock
  readonly apiAudiences: readonly string[]
}): ServiceAccountTokens {
  const { objects, issuer, clock, apiAudiences } = deps
  return {
    issue(namespace, name, spec) {
      const account = objects.get(serviceAccounts, namespace, name)
      if (!account) throw notFound(serviceAccounts, name)
      const seconds = spec.expirationSeconds
      checkSeconds(seconds)
      const audiences = spec.audiences.length > 0 ? spec.audiences : apiAudiences
      const bound = boundClaims(objects, account, spec)
      const iat = Math.floor(clock.now() / 1000)
      const isStretched =
        seconds === stretchedSeconds &&
        bound.pod !== undefined &&
        audiences.every((a) => apiAudiences.includes(a))
      const claims: PrivateClaims = {
        namespace,
        ...bound,
        serviceaccount: referenceTo(account),
        ...(isStretched ? { warnafter: iat + stretchedSeconds } : {}),
      }
      const token = issuer.sign({
        aud: audiences,
        exp: iat + (isStretched ? stretchedToSeconds : seconds),
        iat,
        iss: issuer.url,
        jti: randomUUID(),
        'kubernetes.io': claims,
        nbf: iat,
        sub: `system:serviceaccount:${namespace}:${name}`,
      })
      return { token, expirationTimestamp: (iat + seconds) * 1000, audiences }
    },
    verify(token, audiences) {
      const claims = issuer.verifyOwn(token)
      return claims && judge(claims, audiences, objects, clock.now())
    },
  }
}

function checkSeconds(seconds: number): void {
  const field = 'spec.expirationSeconds'
  if (seconds < 600) {
    const why = 'may not specify a duration less than 10 minutes'
    throw invalid(requestKind, '', [invalidValue(field, seconds, why)])
  }
  if (seconds > 2 ** 32) {
    const why = 'may not specify a duration larger than 2^32 seconds'
    throw invalid(requestKind, '', [invalidValue(field, seconds, why)])
  }
}

function referenceTo(object: KubernetesObject): Reference {
  return { name: object.metadata.name, uid: object.metadata.uid }
}

type Bound = Pick<PrivateClaims, 'node' | 'pod' | 'secret'>

function boundClaims(objects: Objects, account: KubernetesObject, spec: TokenSpec): Bound {
  const reference = spec.boundObjectRef
  if (!reference) return {}
  const { name: accountName, namespace } = account.metadata
  const version = reference.apiVersion || 'v1'
  const kind = { Pod: pods, Secret: secrets, Node: nodes }[reference.kind]
  if (!kind || version !== 'v1') {
    const gvk = `${version.includes('/') ? version : `/${version}`}, Kind=${reference.kind}`
    throw badRequest(`cannot bind token to object of type ${gvk}`)
  }
  const object = objects.get(kind, kind.namespaced ? namespace : undefined, reference.name)
  if (!object) throw notFound(kind, reference.name)
  if (reference.uid && reference.uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw conflict(kind, reference.name, why)
  }
  const found = referenceTo(object)
  if (kind === nodes) return { node: found }
  if (kind === secrets) return { secret: found }
  const runsAs = object['spec'].serviceAccountName
  if (runsAs !== accountName) {
    throw badRequest(
      `cannot bind token for serviceaccount "${accountName}" to pod running with serviceaccount "${runsAs}"`,
    )
  }
  const nodeName = object['spec'].nodeName
  if (!nodeName) return { pod: found }
  const node = objects.get(nodes, undefined, nodeName)
  return { node: node ? referenceTo(node) : { name: nodeName, uid: '' }, pod: found }
}

function judge(
  claims: Readonly<Record<string, unknown>>,
  audiences: readonly string[],
  objects: Objects,
  now: number,
): TokenVerdict {
  const has = claims['aud']
  const tokenAudiences = Array.isArray(has) ? has.map(String) : [String(has)]
  const common = tokenAudiences.filter((a) => audiences.includes(a))
  if (common.length === 0) {
    const list = (values: readonly string[]) =>
      `[${values.map((v) => JSON.stringify(v)).join(' ')}]`
    return {
      why: `token audiences ${list(tokenAudiences)} is invalid for the target audiences ${list(audiences)}`,
    }
  }
  const seconds = now / 1000
  if (Number(claims['exp']) <= seconds) return { why: 'service account token has expired' }
  if (Number(claims['nbf'] ?? 0) > seconds) return { why: 'service account token is not valid yet' }
  const own = claims['kubernetes.io'] as PrivateClaims
  const { namespace } = own
  const account = objects.get(serviceAccounts, namespace, own.serviceaccount.name)
  if (!account) return { why: 'service account token has been invalidated' }
  if (account.metadata.uid !== own.serviceaccount.uid) {
    return {
      why: `service account UID (${account.metadata.uid}) does not match claim (${own.serviceaccount.uid})`,
    }
  }
  const bound = [
    [pods, own.pod],
    [secrets, own.secret],
    ...(own.pod ? [] : [[nodes, own.node] as const]),
  ] as const
  for (const [kind, reference] of bound) {
    if (!reference) continue
    const object = objects.get(kind, kind.namespaced ? namespace : undefined, reference.name)
    if (object?.metadata.uid !== reference.uid) {
      return { why: 'service account token has been invalidated' }
    }
    const ends = object.metadata.deletionTimestamp
    if (ends && now > Date.parse(ends) + 60_000) {
      return { why: 'service account token has been invalidated' }
    }
  }
  return { user: userOf(own, String(claims['jti'])), audiences: common }
}

function userOf(own: PrivateClaims, jti: string): UserInfo {
  const prefix = 'authentication.kubernetes.io/'
  const extra: Record<string, string[]> = { [`${prefix}credential-id`]: [`JTI=${jti}`] }
  for (const kind of ['pod', 'node'] as const) {
    const reference = own[kind]
    if (!reference) continue
    extra[`${prefix}${kind}-name`] = [reference.name]
    if (reference.uid) extra[`${prefix}${kind}-uid`] = [reference.uid]
  }
  return {
    username: `system:serviceaccount:${own.namespace}:${own.serviceaccount.name}`,
    uid: own.serviceaccount.uid,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${own.namespace}`,
      'system:authenticated',
    ],
    extra,
  }
}

/** Refuses a name in a TokenRequest that is not the account's. */
export function checkTokenRequestNames(
  metadata: { name?: string; namespace?: string } | undefined,
  namespace: string,
  name: string,
): void {
  if (metadata?.name && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    )
  }
  if (metadata?.namespace && metadata.namespace !== namespace) {
    throw forbidden(tokenResource, name, 'the namespace of the object does not match')
  }
}
