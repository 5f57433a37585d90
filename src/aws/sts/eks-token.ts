/** EKS tokens (`k8s-aws-v1.…`): a presigned GetCallerIdentity, verified here as the gateway would, never sent. */

import { Refusal } from '../../kernel/refusal.ts'
import { claimedSignature } from '../../kernel/sigv4/authorization.ts'
import { parseQuery } from '../../kernel/sigv4/uri.ts'
import type { SignedCaller } from '../caller.ts'
import { type Authenticator, authenticate } from '../gateway/authenticate.ts'
import { userIdOf } from './operations/get-caller-identity.ts'

/** Who a token speaks for. */
export interface EksTokenIdentity {
  readonly arn: string
  readonly account: string
  readonly userId: string
  readonly accessKeyId: string
  readonly caller: SignedCaller
}

export interface EksTokenDeps {
  readonly authenticator: Authenticator
  /** True of a `host[:port]` at which our STS answers: a URL for another endpoint proves nothing to us. */
  readonly isOwnHost: (host: string) => boolean
}

const prefix = 'k8s-aws-v1.'
const maxTokenChars = 12_288
const clusterHeader = 'x-k8s-aws-id'

/** All that the URL may carry; anything else could change what was signed for. */
const allowedParameters = new Set([
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'x-amz-user-agent',
])

/** Verifies a token for one cluster. Returns the identity, or why not (for the log; a client learns only "unauthorised"). */
export function verifyEksToken(
  token: string,
  clusterName: string,
  { authenticator, isOwnHost }: EksTokenDeps,
): EksTokenIdentity | { readonly refused: string } {
  const url = readUrl(token)
  if (typeof url === 'string') return { refused: url }
  if (!isOwnHost(url.host)) return { refused: `the token is for another endpoint, ${url.host}` }
  if (url.pathname !== '/') return { refused: 'the token signs another path than /' }
  const rawQuery = url.search.slice(1)
  const query = parseQuery(rawQuery)
  const names = query.map(({ name }) => name)
  const odd = names.find((name) => !allowedParameters.has(name))
  if (odd !== undefined || new Set(names).size !== names.length) {
    return { refused: `the token has a parameter too many: ${odd ?? 'one twice'}` }
  }
  const value = (name: string) => query.find((p) => p.name === name)?.value
  if (value('Action') !== 'GetCallerIdentity') return { refused: 'the token is for another action' }
  const headers = new Map([
    ['host', url.host],
    [clusterHeader, clusterName],
  ])
  const request = {
    method: 'GET',
    rawTarget: `/?${rawQuery}`,
    rawPath: '/',
    rawQuery,
    headers,
    secure: url.protocol === 'https:',
    sourceIp: '',
  }
  const claim = claimedSignature(request, query)
  if (!claim || 'problem' in claim) return { refused: claim?.why ?? 'the token has no signature' }
  if (claim.scope.service !== 'sts') return { refused: 'the token is for another service' }
  if (!claim.signedHeaders.includes(clusterHeader)) {
    return { refused: `the token does not sign ${clusterHeader}` }
  }
  if ((claim.expiresSeconds ?? 0) > 900)
    return { refused: 'the token lives longer than 15 minutes' }
  try {
    const presented = { request, query, claim, service: 'sts', body: undefined }
    const refuse = (failure: string) => new Refusal(failure, { code: failure, status: 401 })
    const { caller, expiresAt } = authenticate(presented, authenticator, refuse)
    if (caller.kind === 'anonymous') return { refused: 'the token is not signed' }
    if (expiresAt !== undefined && authenticator.now() >= expiresAt) {
      return { refused: `the session of ${caller.arn} has expired` }
    }
    if (caller.kind !== 'root' && !authenticator.identities.principal(caller)) {
      return { refused: `${caller.arn} does not exist any more` }
    }
    const { arn, account, accessKeyId } = caller
    return { arn, account, userId: userIdOf(caller), accessKeyId, caller }
  } catch (cause) {
    if (cause instanceof Refusal) return { refused: cause.message }
    throw cause
  }
}

function readUrl(token: string): URL | string {
  if (!token.startsWith(prefix)) return 'the token is no EKS token'
  if (token.length > maxTokenChars) return 'the token is too long'
  const encoded = token.slice(prefix.length)
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(encoded)) return 'the token is not base64url'
  const text = Buffer.from(encoded, 'base64url').toString('latin1')
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash) {
    return 'the token holds no URL'
  }
  return url
}
