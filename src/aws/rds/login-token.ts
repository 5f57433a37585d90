/** Login tokens of Aurora: a presigned `connect` to a database endpoint, verified as the gateway would, never sent. */
import { Refusal } from '../../kernel/refusal.ts'
import { claimedSignature } from '../../kernel/sigv4/authorization.ts'
import { parseQuery, type QueryParameter } from '../../kernel/sigv4/uri.ts'
import type { SignedCaller } from '../caller.ts'
import { type Authenticator, authenticate } from '../gateway/authenticate.ts'

export interface ExpectedToken {
  /** `host:port`, lower case, for which a token may have been made. */
  readonly hosts: readonly string[]
  readonly region: string
  readonly user: string
}

/** Why a token is refused: what was compared, for the audit log. */
export interface TokenProblem {
  readonly refused: string
  readonly key: string
  readonly wanted?: string
  readonly actual?: string
  readonly fix: string
  /** As far as the token says it; not verified. */
  readonly accessKeyId?: string
}

const maxTokenChars = 8_192
const lifeSecondsMax = 900
const service = 'rds-db'
const again = 'make the token with `aws rds generate-db-auth-token`'

const allowedParameters = new Set([
  'Action',
  'DBUser',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
])

/** Who made the token, or why it is not good here. */
export function verifyLoginToken(
  token: string,
  expected: ExpectedToken,
  authenticator: Authenticator,
): { readonly caller: SignedCaller } | TokenProblem {
  const parts = takeApart(token)
  if (!parts) {
    return { refused: 'the password is no login token', key: 'token', fix: again }
  }
  const { host, rawQuery, query } = parts
  const names = query.map(({ name }) => name)
  const odd = names.find((name, i) => !allowedParameters.has(name) || names.indexOf(name) !== i)
  if (odd !== undefined) {
    const actual = odd.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)
    return { refused: 'the token has a parameter too many', key: 'token', actual, fix: again }
  }
  const request = (as: string) => ({
    method: 'GET',
    rawTarget: `/?${rawQuery}`,
    rawPath: '/',
    rawQuery,
    headers: new Map([['host', as]]),
    secure: true,
    sourceIp: '',
  })
  const claim = claimedSignature(request(host), query)
  if (!claim || 'problem' in claim) {
    return { refused: claim?.why ?? 'the token is not signed', key: 'signature', fix: again }
  }
  const { accessKeyId } = claim
  const problem = wrongPurpose(claim, host, query, expected)
  if (problem) return { ...problem, accessKeyId }
  const refuse = (code: string) => new Refusal(code, { code, status: 403 })
  // A host in capitals is signed as it was typed by some clients, by others in small letters.
  const hosts = [...new Set([host, host.toLowerCase()])]
  let failure = 'bad-signature'
  for (const as of hosts) {
    try {
      const presented = { request: request(as), query, claim, service, body: undefined }
      const { caller } = authenticate(presented, authenticator, refuse)
      if (caller.kind !== 'anonymous') return { caller }
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      failure = cause.code
      if (failure !== 'bad-signature') break
    }
  }
  return { ...failureText(failure), key: 'signature', accessKeyId }
}

/** A token that is perhaps good, but for something else. */
function wrongPurpose(
  claim: Extract<ReturnType<typeof claimedSignature>, { scope: unknown }>,
  host: string,
  query: readonly QueryParameter[],
  expected: ExpectedToken,
): TokenProblem | undefined {
  const value = (name: string) => query.find((p) => p.name === name)?.value ?? ''
  const given = Buffer.from(value('DBUser'), 'latin1').toString()
  const checks: readonly (readonly [key: string, wanted: string, actual: string, fix: string])[] = [
    ['service', service, claim.scope.service, again],
    ['Action', 'connect', value('Action'), again],
    ['region', expected.region, claim.scope.region, `${again} --region ${expected.region}`],
    ['DBUser', expected.user, given, `${again} --username ${expected.user}`],
  ]
  for (const [key, wanted, actual, fix] of checks) {
    if (wanted !== actual) {
      return { refused: `the token is for another ${key}`, key, wanted, actual, fix }
    }
  }
  const [own = ''] = expected.hosts
  if (!expected.hosts.includes(host.toLowerCase())) {
    const [name = '', port = ''] = own.split(/:(?=\d+$)/)
    const fix = `${again} --hostname ${name} --port ${port}`
    const refused = 'the token is for another endpoint'
    return { refused, key: 'host', wanted: own, actual: host.slice(0, 300), fix }
  }
  if (claim.signedHeaders.join(';') !== 'host') {
    const actual = claim.signedHeaders.join(';').slice(0, 300)
    const refused = 'the token signs other headers than host'
    return { refused, key: 'signed headers', wanted: 'host', actual, fix: again }
  }
  const seconds = claim.expiresSeconds ?? 0
  if (seconds < 1 || seconds > lifeSecondsMax) {
    const refused = 'the token has another life than AWS gives it'
    return {
      refused,
      key: 'X-Amz-Expires',
      wanted: `1 to ${lifeSecondsMax}`,
      actual: String(seconds),
      fix: again,
    }
  }
  return undefined
}

function failureText(failure: string): Pick<TokenProblem, 'refused' | 'actual' | 'wanted' | 'fix'> {
  switch (failure) {
    case 'expired-request':
    case 'skewed':
      return {
        refused: 'the token is older than 15 minutes, or from the future',
        actual: failure,
        wanted: 'a token of the last 15 minutes',
        fix: 'make a new token for each new connection',
      }
    case 'unknown-key':
    case 'inactive-key':
      return {
        refused: 'the access key that signed the token does not exist or is not active',
        actual: failure,
        wanted: 'an active key',
        fix: 'sign with keys that exist',
      }
    case 'bad-session-token':
      return {
        refused: 'the session token is missing, foreign or damaged',
        actual: failure,
        wanted: 'a session token of this lab',
        fix: 'fetch new credentials, then make a new token',
      }
    default:
      return {
        refused: 'the signature of the token does not hold',
        actual: failure,
        wanted: 'a signature by the key that the token names',
        fix: `${again}; was it changed or cut on the way? In \`.pgpass\` write \`:\` as \`\\:\``,
      }
  }
}

function takeApart(token: string) {
  if (token.length > maxTokenChars || !/^[\x21-\x7e]+$/.test(token)) return undefined
  const match = /^([A-Za-z0-9.-]{1,255}|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})\/\?(.+)$/.exec(token)
  if (!match) return undefined
  const [, name = '', port = '', rawQuery = ''] = match
  // An empty parameter would not be part of what was signed.
  if (rawQuery.split('&').includes('')) return undefined
  return { host: name + port, rawQuery, query: parseQuery(rawQuery) }
}
