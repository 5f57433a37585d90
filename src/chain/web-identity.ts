/** Token, provider and trust in AWS's order: whether a web identity token buys a session of a role. */
import { parseArn } from '../kernel/arn.ts'
import type { HeaderMemo } from '../kernel/jwt/jws.ts'
import type { AuthorizationRequest, Evaluate } from '../kernel/policy/decision.ts'
import { nextStage } from '../kernel/stage.ts'
import {
  findProvider,
  judgeProvider,
  providerAlias,
  type RegisteredProvider,
} from './links/provider.ts'
import {
  type IssuerKeys,
  judgeToken,
  readToken,
  unverifiedToken,
  type WebIdentityRefusal,
  type WebIdentityToken,
} from './links/token.ts'
import { judgeTrust, type TrustingRole } from './links/trust.ts'
import type { WebIdentityFault } from './links/web-identity-fault.ts'
import type { LinkName, Verdict } from './verdict.ts'

/** Where the facts come from: IAM, and the verifier that fetches issuers' keys. */
export interface WebIdentityPorts<R extends TrustingRole> {
  role(arn: string): R | undefined
  oidcProvider(
    account: string,
    issuer: string,
  ): (RegisteredProvider & { readonly thumbprints: readonly string[] }) | undefined
  keysOf(request: {
    readonly issuer: string
    readonly thumbprints: readonly string[]
    readonly kid: string
  }): IssuerKeys | Promise<IssuerKeys>
  /** True of issuers that this lab runs itself: their providers may be registered without the port. */
  readonly isOwnIssuer?: ((issuer: string) => boolean) | undefined
  readonly evaluate: Evaluate
  /** Spares reading the same header with each token. */
  readonly headers?: HeaderMemo | undefined
}

export interface WebIdentityAttempt {
  readonly token: string
  readonly roleArn: string
  /** Ms since the epoch. */
  readonly at: number
  /** Condition keys of the request itself (`aws:SourceIp`, `sts:RoleSessionName`); the token's are added. */
  readonly context: AuthorizationRequest['context']
  /** Name of the cluster whose token this is, where it is known: for the fixes. */
  readonly clusterOf?: ((issuer: string) => string | undefined) | undefined
}

export type WebIdentityJudgement<R extends TrustingRole> =
  | {
      readonly kind: 'trusted'
      readonly role: R
      readonly token: WebIdentityToken
      readonly providerArn: string
      readonly audience: string
      /** The keys that the token gave, for the session. */
      readonly conditionKeys: Readonly<Record<string, string | readonly string[]>>
      readonly links: readonly Verdict[]
    }
  | {
      readonly kind: 'refused'
      readonly fault: WebIdentityFault
      /** As far as it could be read: whose attempt it was. Unverified unless its link passed. */
      readonly token?: WebIdentityToken
      readonly links: readonly Verdict[]
    }

/** Always answers all three links. Throws only what a port throws. */
export async function judgeWebIdentity<R extends TrustingRole>(
  attempt: WebIdentityAttempt,
  ports: WebIdentityPorts<R>,
): Promise<WebIdentityJudgement<R>> {
  const account = parseArn(attempt.roleArn)?.account ?? ''
  const read = readToken(attempt.token, ports.headers)
  if (read.kind === 'refused') return refused(read, undefined, [])
  const { token } = read
  const cluster = attempt.clusterOf?.(token.issuer)
  const found = findProvider({
    token,
    provider: ports.oidcProvider(account, token.issuer),
    account,
    isOwnIssuer: ports.isOwnIssuer,
    cluster,
  })
  if (found.kind === 'refused') return refused(found, token, [unverifiedToken(token)])
  const { provider } = found
  const keys = await ports.keysOf({
    issuer: token.issuer,
    thumbprints: provider.thumbprints,
    kid: token.parsed.kid,
  })
  const judged = judgeToken({
    token,
    keys,
    at: attempt.at,
    ...(cluster ? { signer: "the cluster's issuer" } : {}),
  })
  await nextStage
  if (judged.kind === 'refused') return refused(judged, token, [])
  const { isOwnIssuer } = ports
  const meant = judgeProvider({ token, provider, account, isOwnIssuer })
  if (meant.kind === 'refused') return refused(meant, token, [judged.verdict])
  const role = ports.role(attempt.roleArn)
  const alias = providerAlias(provider.arn, token.issuer, isOwnIssuer)
  const trust = judgeTrust({
    evaluate: ports.evaluate,
    principal: { kind: 'federated', provider: provider.arn, ...(alias ? { alias } : {}) },
    actions: actionsFor(token),
    roleArn: attempt.roleArn,
    role,
    context: {
      ...attempt.context,
      ...meant.conditionKeys,
      ...sessionContext(token),
    },
    subject: token.subject,
    cluster,
  })
  const links = [judged.verdict, meant.verdict, trust.verdict]
  if (!trust.trusted || !role)
    return { kind: 'refused', fault: { kind: 'not-trusted' }, token, links }
  return {
    kind: 'trusted',
    role,
    token,
    providerArn: provider.arn,
    audience: meant.audience,
    conditionKeys: meant.conditionKeys,
    links,
  }
}

/** The pod that a ServiceAccount token says it belongs to (Kubernetes' private claims); undefined for other tokens. */
export function podOf(
  token: WebIdentityToken,
): { namespace: string; serviceAccount: string; pod?: string; podUid?: string } | undefined {
  const claim = token.parsed.claims['kubernetes.io']
  const text = (value: unknown, ...path: readonly string[]): string | undefined => {
    let at = value
    for (const name of path) {
      at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined
    }
    return typeof at === 'string' ? at : undefined
  }
  const namespace = text(claim, 'namespace')
  const serviceAccount = text(claim, 'serviceaccount', 'name')
  if (!namespace || !serviceAccount) return undefined
  const pod = text(claim, 'pod', 'name')
  const podUid = text(claim, 'pod', 'uid')
  return { namespace, serviceAccount, ...(pod ? { pod } : {}), ...(podUid ? { podUid } : {}) }
}

/** Tags and a source identity need their own permission in the trust policy. */
function actionsFor({ session }: WebIdentityToken): readonly string[] {
  return [
    'sts:AssumeRoleWithWebIdentity',
    ...(Object.keys(session.tags).length > 0 ? ['sts:TagSession'] : []),
    ...(session.sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ]
}

function sessionContext({ session }: WebIdentityToken): AuthorizationRequest['context'] {
  const keys = Object.keys(session.tags)
  if (keys.length === 0 && session.sourceIdentity === undefined) return {}
  return {
    ...Object.fromEntries(keys.map((key) => [`aws:RequestTag/${key}`, session.tags[key] ?? ''])),
    ...(keys.length > 0 ? { 'aws:TagKeys': keys } : {}),
    ...(session.transitiveTagKeys.length > 0
      ? { 'sts:TransitiveTagKeys': session.transitiveTagKeys }
      : {}),
    ...(session.sourceIdentity === undefined
      ? {}
      : { 'sts:SourceIdentity': session.sourceIdentity }),
  }
}

function refused<R extends TrustingRole>(
  { fault, verdict }: WebIdentityRefusal,
  token: WebIdentityToken | undefined,
  before: readonly Verdict[],
): WebIdentityJudgement<R> {
  const rest = (['token', 'provider', 'trust'] as const).filter(
    (link) => link !== verdict.link && !before.some((one) => one.link === link),
  )
  const links = inOrder([...before, verdict, ...rest.map(notReached)])
  return { kind: 'refused', fault, ...(token ? { token } : {}), links }
}

function inOrder(links: readonly Verdict[]): readonly Verdict[] {
  const order: readonly LinkName[] = ['token', 'provider', 'trust']
  return links.toSorted((a, b) => order.indexOf(a.link) - order.indexOf(b.link))
}

function notReached(link: LinkName): Verdict {
  return { link, verdict: 'not-reached', summary: 'not reached', evidence: [] }
}
