/** The provider link: does the role's account know the token's issuer, and is the token meant for this account? */
import type { Verdict } from '../verdict.ts'
import type { WebIdentityRefusal, WebIdentityToken } from './token.ts'
import { withoutPort, withoutScheme } from './wording.ts'

/** An OIDC provider as IAM has it registered. */
export interface RegisteredProvider {
  readonly arn: string
  /** With scheme. */
  readonly url: string
  readonly clientIds: readonly string[]
}

/** What the provider link found out: which audience counted, and the condition keys for the trust policy. */
export interface ProviderPass {
  readonly kind: 'passed'
  readonly audience: string
  /** `<issuer without scheme>:sub`, `:aud`, … */
  readonly conditionKeys: Readonly<Record<string, string | readonly string[]>>
  readonly verdict: Verdict
}

/**
 * Finds fault with the registration, before any key is fetched. A provider that was registered without the issuer's
 * port counts only where `isOwnIssuer` vouches for that issuer: else whoever serves another port of the host could
 * sign for it.
 */
export function findProvider<P extends RegisteredProvider>({
  token,
  provider,
  account,
  isOwnIssuer = () => false,
  cluster,
}: {
  token: WebIdentityToken
  /** As IAM found it for the token's issuer in the role's account. */
  provider: P | undefined
  account: string
  isOwnIssuer?: ((issuer: string) => boolean) | undefined
  /** Name of the cluster, for the fix. */
  cluster?: string | undefined
}): { kind: 'found'; provider: P } | WebIdentityRefusal {
  if (provider && (provider.url === token.issuer || isOwnIssuer(token.issuer))) {
    return { kind: 'found', provider }
  }
  return {
    kind: 'refused',
    fault: { kind: 'no-provider', issuer: token.issuer },
    verdict: {
      link: 'provider',
      verdict: 'refused',
      summary: `account ${account} has no OIDC provider for \`${token.issuer}\``,
      evidence: [
        {
          key: 'iss',
          wanted: provider?.url ?? `a provider in account ${account}`,
          actual: token.issuer,
          source: 'token',
        },
      ],
      fix: `podpass utils associate-iam-oidc-provider --cluster ${cluster ?? 'CLUSTER'} --approve`,
    },
  }
}

/**
 * Checks the audience against the provider's client ids and makes the condition keys. Where the token names an
 * authorised party, that one is the audience and the original goes to `:oaud`.
 */
export function judgeProvider({
  token,
  provider,
  account,
  isOwnIssuer = () => false,
}: {
  token: WebIdentityToken
  provider: RegisteredProvider
  account: string
  isOwnIssuer?: ((issuer: string) => boolean) | undefined
}): ProviderPass | WebIdentityRefusal {
  const claimed = token.authorizedParty ? [token.authorizedParty] : token.audiences
  const accepted = claimed.filter((audience) => provider.clientIds.includes(audience))
  const [audience] = accepted
  if (audience === undefined) {
    return {
      kind: 'refused',
      fault: { kind: 'wrong-audience' },
      verdict: {
        link: 'provider',
        verdict: 'refused',
        summary: 'the token is meant for another audience than the provider takes',
        evidence: [
          {
            key: token.authorizedParty ? 'azp' : 'aud',
            wanted: provider.clientIds.join(', ') || 'no client id is registered',
            actual: claimed.join(', '),
            source: `client ids of ${provider.arn}`,
          },
        ],
        fix: `kubectl annotate serviceaccount NAME eks.amazonaws.com/audience=${provider.clientIds[0] ?? 'sts.amazonaws.com'} --overwrite, then make the pod anew`,
      },
    }
  }
  return {
    kind: 'passed',
    audience,
    conditionKeys: conditionKeys(token, accepted, provider, isOwnIssuer(token.issuer)),
    verdict: {
      link: 'provider',
      verdict: 'passed',
      summary: `registered in account ${account}`,
      evidence: [{ key: 'provider', actual: provider.arn }],
    },
  }
}

/**
 * The keys stand under the token's issuer, and of an issuer of our own also without its port, as eksctl writes trust
 * policies.
 */
function conditionKeys(
  token: WebIdentityToken,
  audiences: readonly string[],
  provider: RegisteredProvider,
  isOwn: boolean,
): Readonly<Record<string, string | readonly string[]>> {
  const { amr, email } = token.parsed.claims
  const values: Record<string, string | readonly string[]> = {
    sub: token.subject,
    aud: one(audiences),
  }
  if (token.authorizedParty) {
    values['azp'] = token.authorizedParty
    values['oaud'] = one(token.audiences)
  }
  if (Array.isArray(amr) && amr.every((method) => typeof method === 'string')) values['amr'] = amr
  else if (typeof amr === 'string') values['amr'] = [amr]
  if (typeof email === 'string') values['email'] = email
  const issuer = withoutScheme(token.issuer)
  const registered = withoutScheme(provider.url)
  const bare = isOwn ? withoutPort(issuer) : issuer
  const keys: Record<string, string | readonly string[]> = {}
  for (const name in values) {
    const value = values[name] ?? ''
    keys[`${issuer}:${name}`] = value
    if (registered !== issuer) keys[`${registered}:${name}`] = value
    if (bare !== issuer) keys[`${bare}:${name}`] = value
  }
  return keys
}

/** How trust policies may spell a provider's ARN beside its own way: an issuer of our own with or without its port. */
export function providerAlias(
  arn: string,
  issuer: string,
  isOwnIssuer: ((issuer: string) => boolean) | undefined,
): string | undefined {
  if (!isOwnIssuer?.(issuer)) return undefined
  const name = withoutScheme(issuer)
  const [account] = arn.split('oidc-provider/', 1)
  return [withoutPort(name), name]
    .map((spelling) => `${account}oidc-provider/${spelling}`)
    .find((spelling) => spelling !== arn)
}

function one(values: readonly string[]): string | readonly string[] {
  return values.length === 1 && values[0] !== undefined ? values[0] : values
}
