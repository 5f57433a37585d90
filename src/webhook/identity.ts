/** Decides what identity a pod gets and how: the annotations of pod and ServiceAccount over the webhook's settings. */
import type { PodFacts, ServiceAccountFacts } from '../chain/links/pod-facts.ts'
import { findMappedRole, findRole, type MappedRole } from '../chain/links/role-mapping.ts'
import { readBoolean, readExpiration } from './annotations.ts'
import { tokenExpirationSecondsMin, type WebhookSettings } from './settings.ts'

/** One way of getting credentials: what is put into a container for it. */
export interface Identity {
  readonly mode: 'sts_web_identity' | 'container_credentials'
  readonly roleArn?: string
  /** '' : the token has no audience of its own. */
  readonly audience: string
  readonly expirationSeconds: number
  readonly regionalSts: boolean
  readonly volumeName: string
  readonly mountPath: string
  readonly tokenFile: string
  /** The pair of variables, all or none: the first's value is fixed, the second is the token's path. */
  readonly valueVariable: string
  readonly value: string
  readonly pathVariable: string
}

export type IdentityAnswer =
  | { readonly kind: 'identity'; readonly identity: Identity; readonly warnings: readonly string[] }
  /** Nothing to inject, as it should be. */
  | { readonly kind: 'none'; readonly reason: 'no-service-account' | 'no-role' }
  /** Something was wanted that cannot be given. */
  | { readonly kind: 'invalid'; readonly reason: string }

export interface IdentityFacts {
  readonly namespace: string
  readonly pod: PodFacts
  /** Undefined: unknown. */
  readonly serviceAccount: ServiceAccountFacts | undefined
  /** True where an association gives the ServiceAccount its role through the node's agent. */
  readonly hasAssociation: boolean
  /** The text of the ConfigMap that gives roles to ServiceAccounts, where there is one. */
  readonly roleMapping?: string | undefined
  readonly settings: WebhookSettings
  /** 0 ≤ x < 1, for the spread of lifetimes. */
  readonly random: () => number
}

/** Precedence: an association, then the ServiceAccount's role, then the one that the ConfigMap gives it. */
export function decideIdentity(facts: IdentityFacts): IdentityAnswer {
  const { namespace, pod, serviceAccount, hasAssociation, settings } = facts
  const annotations = serviceAccount?.metadata.annotations ?? {}
  const name = pod.spec?.serviceAccountName ?? ''
  const roleMapping = name === '' ? undefined : facts.roleMapping
  if (hasAssociation) {
    const mapped = findMappedRole(serviceAccount ? undefined : roleMapping, namespace, name)
    return containerCredentials(
      facts,
      mapped.kind === 'mapped' ? mappingWishes(mapped) : annotationWishes(facts, annotations),
    )
  }
  const role = findRole(
    { namespace, name, annotations, roleMapping },
    {
      prefix: settings.annotationPrefix,
      partition: settings.partition,
      compose: settings.composeRoleArn,
    },
  )
  const source = `ServiceAccount ${namespace}/${name}`
  switch (role.kind) {
    case 'none':
      return { kind: 'none', reason: serviceAccount ? 'no-role' : 'no-service-account' }
    case 'invalid':
      return { kind: 'invalid', reason: `${source}: role-arn \`${role.value}\`: ${role.why}` }
    case 'misspelt':
      return {
        kind: 'invalid',
        reason: `${source}: annotation \`${role.key}\` means nothing, it should be \`${role.wantedKey}\``,
      }
    case 'bad-mapping':
      return { kind: 'invalid', reason: role.why }
    case 'mapped':
      return webIdentity(facts, mappingWishes(role), role.roleArn, source)
    case 'role':
      return webIdentity(facts, annotationWishes(facts, annotations), role.roleArn, source)
  }
}

/** What is wanted for a ServiceAccount beside its role; what is undefined is as the webhook is set up. */
interface Wishes {
  readonly audience?: string | undefined
  readonly regionalSts?: boolean | undefined
  readonly expirationSeconds?: number | undefined
}

/** Those that cannot be read are ignored. */
function annotationWishes(
  { settings }: IdentityFacts,
  annotations: Readonly<Record<string, string>>,
): Wishes {
  const prefix = settings.annotationPrefix
  return {
    audience: annotations[`${prefix}/audience`],
    regionalSts: readBoolean(annotations[`${prefix}/sts-regional-endpoints`]),
    expirationSeconds: readExpiration(annotations[`${prefix}/token-expiration`]),
  }
}

function mappingWishes({ audience, regionalSts, tokenExpirationSeconds: wanted }: MappedRole) {
  const expirationSeconds = wanted && Math.max(tokenExpirationSecondsMin, wanted)
  return { audience, regionalSts, expirationSeconds } satisfies Wishes
}

function webIdentity(
  facts: IdentityFacts,
  wishes: Wishes,
  roleArn: string,
  name: string,
): IdentityAnswer {
  const { settings } = facts
  const lifetime = expiration(facts, wishes)
  const audience = wishes.audience ?? settings.audience
  const emptyAudience =
    audience === '' ? [`${name}: the audience is empty, so STS will not take the token`] : []
  return {
    kind: 'identity',
    warnings: [...lifetime.warnings, ...emptyAudience],
    identity: {
      mode: 'sts_web_identity',
      roleArn,
      audience,
      expirationSeconds: lifetime.seconds,
      regionalSts: wishes.regionalSts ?? settings.regionalSts,
      volumeName: 'aws-iam-token',
      mountPath: settings.mountPath,
      tokenFile: 'token',
      valueVariable: 'AWS_ROLE_ARN',
      value: roleArn,
      pathVariable: 'AWS_WEB_IDENTITY_TOKEN_FILE',
    },
  }
}

function containerCredentials(facts: IdentityFacts, wishes: Wishes): IdentityAnswer {
  const { audience, mountPath, volumeName, tokenFile, fullUri } =
    facts.settings.containerCredentials
  const { seconds, warnings } = expiration(facts, wishes)
  return {
    kind: 'identity',
    warnings,
    identity: {
      mode: 'container_credentials',
      audience,
      // A day is spread over its last two hours, so that a cluster's pods do not renew all at once.
      expirationSeconds: seconds === 86_400 ? 79_200 + Math.floor(facts.random() * 7_201) : seconds,
      regionalSts: wishes.regionalSts ?? facts.settings.regionalSts,
      volumeName,
      mountPath,
      tokenFile,
      valueVariable: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      value: fullUri,
      pathVariable: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    },
  }
}

/** Pod over ServiceAccount over setting; what cannot be read is ignored. */
function expiration(
  { pod, settings }: IdentityFacts,
  wishes: Wishes,
): { seconds: number; warnings: readonly string[] } {
  const key = `${settings.annotationPrefix}/token-expiration`
  const wanted =
    readExpiration(pod.metadata.annotations?.[key]) ??
    wishes.expirationSeconds ??
    Math.max(tokenExpirationSecondsMin, settings.tokenExpirationSeconds)
  const max = settings.tokenExpirationSecondsMax
  if (wanted <= max) return { seconds: wanted, warnings: [] }
  return {
    seconds: max,
    warnings: [`${key}: ${wanted} s is longer than allowed: ${max} s is used`],
  }
}
