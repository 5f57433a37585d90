/** Decides what identity a pod gets and how: the annotations of pod and ServiceAccount over the webhook's settings. */
import type { PodFacts, ServiceAccountFacts } from '../chain/links/pod-facts.ts'
import { readRoleAnnotation } from '../chain/links/role-annotation.ts'
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
  readonly settings: WebhookSettings
  /** 0 ≤ x < 1, for the spread of lifetimes. */
  readonly random: () => number
}

/** Precedence: an association, then the ServiceAccount's role. */
export function decideIdentity(facts: IdentityFacts): IdentityAnswer {
  const { namespace, pod, serviceAccount, hasAssociation, settings } = facts
  const annotations = serviceAccount?.metadata.annotations ?? {}
  if (hasAssociation) return containerCredentials(facts, annotations)
  if (!serviceAccount) return { kind: 'none', reason: 'no-service-account' }
  const name = `ServiceAccount ${namespace}/${pod.spec?.serviceAccountName}`
  const role = readRoleAnnotation(annotations, {
    prefix: settings.annotationPrefix,
    partition: settings.partition,
  })
  switch (role.kind) {
    case 'none':
      return { kind: 'none', reason: 'no-role' }
    case 'invalid':
      return { kind: 'invalid', reason: `${name}: role-arn \`${role.value}\`: ${role.why}` }
    case 'misspelt':
      return {
        kind: 'invalid',
        reason: `${name}: annotation \`${role.key}\` means nothing, it should be \`${role.wantedKey}\``,
      }
    case 'role':
      return webIdentity(facts, annotations, role.roleArn, name)
  }
}

function webIdentity(
  facts: IdentityFacts,
  annotations: Readonly<Record<string, string>>,
  roleArn: string,
  name: string,
): IdentityAnswer {
  const { settings } = facts
  const lifetime = expiration(facts, annotations)
  const audience = annotations[`${settings.annotationPrefix}/audience`] ?? settings.audience
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
      regionalSts: regionalSts(facts, annotations),
      volumeName: 'aws-iam-token',
      mountPath: settings.mountPath,
      tokenFile: 'token',
      valueVariable: 'AWS_ROLE_ARN',
      value: roleArn,
      pathVariable: 'AWS_WEB_IDENTITY_TOKEN_FILE',
    },
  }
}

function containerCredentials(
  facts: IdentityFacts,
  annotations: Readonly<Record<string, string>>,
): IdentityAnswer {
  const { audience, mountPath, volumeName, tokenFile, fullUri } =
    facts.settings.containerCredentials
  const { seconds, warnings } = expiration(facts, annotations)
  return {
    kind: 'identity',
    warnings,
    identity: {
      mode: 'container_credentials',
      audience,
      // A day is spread over its last two hours, so that a cluster's pods do not renew all at once.
      expirationSeconds: seconds === 86_400 ? 79_200 + Math.floor(facts.random() * 7_201) : seconds,
      regionalSts: regionalSts(facts, annotations),
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
  annotations: Readonly<Record<string, string>>,
): { seconds: number; warnings: readonly string[] } {
  const key = `${settings.annotationPrefix}/token-expiration`
  const wanted =
    readExpiration(pod.metadata.annotations?.[key]) ??
    readExpiration(annotations[key]) ??
    Math.max(tokenExpirationSecondsMin, settings.tokenExpirationSeconds)
  const max = settings.tokenExpirationSecondsMax
  if (wanted <= max) return { seconds: wanted, warnings: [] }
  return {
    seconds: max,
    warnings: [`${key}: ${wanted} s is longer than allowed: ${max} s is used`],
  }
}

function regionalSts(
  { settings }: IdentityFacts,
  annotations: Readonly<Record<string, string>>,
): boolean {
  const key = `${settings.annotationPrefix}/sts-regional-endpoints`
  return readBoolean(annotations[key]) ?? settings.regionalSts
}
