/** Temporary credentials: issuing writes nothing, any process with the sealing keys can check them. */
import { randomFillSync } from 'node:crypto'
import { assumedRoleArn } from '../kernel/arn.ts'
import { accessKeyIdRandomBytes, makeAccessKeyId } from '../kernel/session/access-key-id.ts'
import { Sealing, type SealingKey } from '../kernel/session/sealed-token.ts'
import type { Credentials, SessionFacts, SignedCaller, TemporaryFacts } from './caller.ts'
import { type PackedRole, packRole, unpackRole } from './packed-role.ts'

/** What GetSessionToken and GetFederationToken seal: the user (or root) that the keys act for. */
export interface UserSessionFacts extends TemporaryFacts {
  readonly account: string
  readonly arn: string
  /** Absent of root. */
  readonly userName?: string
  readonly userId: string
}

export type OpenedSession =
  | { readonly caller: SignedCaller; readonly secretAccessKey: string; readonly expiresAt: number }
  | { readonly refused: 'malformed' | 'unknown-key' | 'not-authentic' }

export interface Sessions {
  /** Credentials for a role's session; they expire at `facts.expiresAt`. */
  issue(facts: SessionFacts): Credentials
  /** Credentials that act as a user, root or a federated user. */
  issueForUser(facts: UserSessionFacts): Credentials
  /** Who the bearer of key id and token is. Judges no times: the caller compares `expiresAt` with the clock. */
  open(accessKeyId: string, sessionToken: string): OpenedSession
  /** Seals an explanation for DecodeAuthorizationMessage; only callers of the same account can have it opened. */
  sealMessage(account: string, message: string): string
  /** Undefined: not sealed here, or for another account. */
  openMessage(account: string, sealed: string): string | undefined
}

/** `sealingKeys`: the first seals, all open. */
export function createSessions(options: { sealingKeys: readonly SealingKey[] }): Sessions {
  const randomBytes = pooledRandom()
  const sealing = new Sealing(options.sealingKeys, randomBytes)
  const seal = (account: string, sealed: unknown, expiration: number): Credentials => {
    const random = randomBytes(accessKeyIdRandomBytes + secretRandomBytes)
    const accessKeyId = makeAccessKeyId('ASIA', account, random.subarray(0, accessKeyIdRandomBytes))
    const secretAccessKey = random.toString('base64', accessKeyIdRandomBytes)
    const sessionToken = sealing.sealToken(accessKeyId, secretAccessKey + JSON.stringify(sealed))
    return { accessKeyId, secretAccessKey, sessionToken, expiration }
  }
  return {
    issue: (facts) => seal(facts.account, packRole(facts), facts.expiresAt),
    issueForUser: (facts) => seal(facts.account, ['u', facts], facts.expiresAt),
    sealMessage: (account, message) => sealing.sealToken(messageKey(account), message),
    openMessage(account, sealed) {
      const opened = sealing.openToken(messageKey(account), sealed)
      return 'refused' in opened ? undefined : opened.facts
    },
    open(accessKeyId, sessionToken) {
      const opened = sealing.openToken(accessKeyId, sessionToken)
      if ('refused' in opened) return opened
      // Authentic, so it is what `seal` wrote.
      const secretAccessKey = opened.facts.slice(0, secretChars)
      const text = opened.facts.slice(secretChars)
      const sealed = JSON.parse(text) as ['u', UserSessionFacts] | PackedRole
      if (sealed[0] === 'u') {
        const caller = userCaller(accessKeyId, sealed[1])
        return { caller, secretAccessKey, expiresAt: sealed[1].expiresAt }
      }
      const session = unpackRole(sealed)
      const caller: SignedCaller = {
        kind: 'session',
        account: session.account,
        arn: assumedRoleArn(session.account, session.roleName, session.sessionName),
        userId: `${session.roleId}:${session.sessionName}`,
        accessKeyId,
        session,
      }
      return { caller, secretAccessKey, expiresAt: session.expiresAt }
    },
  }
}

/** As AWS's secrets: 40 characters. */
const secretChars = 40
const secretRandomBytes = 30

const poolBytes = 4096

/** Fresh random bytes from a pool that is filled at once: asking the system for a few each time costs more than sealing. */
function pooledRandom(): (size: number) => Buffer {
  const pool = Buffer.alloc(poolBytes)
  let used = poolBytes
  return (size) => {
    if (used + size > poolBytes) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = Buffer.allocUnsafe(size)
    pool.copy(bytes, 0, used)
    // What was handed out once is never there again.
    pool.fill(0, used, used + size)
    used += size
    return bytes
  }
}

/** What messages are bound to in place of an access key id; no key id looks like it. */
function messageKey(account: string): string {
  return `message/${account}`
}

function userCaller(accessKeyId: string, facts: UserSessionFacts): SignedCaller {
  const { account, arn, userName, userId, ...temporary } = facts
  return userName === undefined
    ? { kind: 'root', account, arn, accessKeyId, temporary }
    : { kind: 'user', account, arn, userName, userId, accessKeyId, temporary }
}
