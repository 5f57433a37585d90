/** Temporary credentials: issuing writes nothing, any process with the sealing keys can check them. */
import { randomBytes } from 'node:crypto'
import { assumedRoleArn } from '../kernel/arn.ts'
import { accessKeyIdRandomBytes, makeAccessKeyId } from '../kernel/session/access-key-id.ts'
import { Sealing, type SealingKey, sealingRandomBytes } from '../kernel/session/sealed-token.ts'
import type { Credentials, SessionFacts, SignedCaller, TemporaryFacts } from './caller.ts'

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
}

/** `sealingKeys`: the first seals, all open. */
export function createSessions(options: { sealingKeys: readonly SealingKey[] }): Sessions {
  const sealing = new Sealing(options.sealingKeys)
  const seal = (account: string, sealed: unknown, expiration: number): Credentials => {
    const random = randomBytes(accessKeyIdRandomBytes + sealingRandomBytes)
    const accessKeyId = makeAccessKeyId('ASIA', account, random.subarray(0, accessKeyIdRandomBytes))
    const { token, secretAccessKey } = sealing.sealToken(
      accessKeyId,
      JSON.stringify(sealed),
      random.subarray(accessKeyIdRandomBytes),
    )
    return { accessKeyId, secretAccessKey, sessionToken: token, expiration }
  }
  return {
    issue: (facts) => seal(facts.account, packRole(facts), facts.expiresAt),
    issueForUser: (facts) => seal(facts.account, ['u', facts], facts.expiresAt),
    open(accessKeyId, sessionToken) {
      const opened = sealing.openToken(accessKeyId, sessionToken)
      if ('refused' in opened) return opened
      const { secretAccessKey } = opened
      // Authentic, so it is what `seal` wrote.
      const sealed = JSON.parse(opened.facts) as ['u', UserSessionFacts] | PackedRole
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

function userCaller(accessKeyId: string, facts: UserSessionFacts): SignedCaller {
  const { account, arn, userName, userId, ...temporary } = facts
  return userName === undefined
    ? { kind: 'root', account, arn, accessKeyId, temporary }
    : { kind: 'user', account, arn, userName, userId, accessKeyId, temporary }
}

type Rest = Omit<
  SessionFacts,
  'account' | 'roleArn' | 'roleId' | 'roleName' | 'sessionName' | 'issuedAt' | 'expiresAt'
>

/** The facts that every session has by position, the rest by short names; the token travels with each request. */
type PackedRole = readonly [
  kind: 'r',
  account: string,
  roleArn: string,
  roleId: string,
  sessionName: string,
  issuedAt: number,
  lifeMs: number,
  rest: Readonly<Record<string, unknown>>,
]

const shortNames: Readonly<Record<keyof Rest, string>> = {
  sessionPolicy: 'p',
  sessionPolicyArns: 'a',
  tags: 't',
  transitiveTagKeys: 'k',
  sourceIdentity: 's',
  webIdentity: 'w',
  instanceId: 'i',
  pod: 'o',
  chained: 'c',
}

function packRole(facts: SessionFacts): PackedRole {
  const rest: Record<string, unknown> = {}
  for (const [name, short] of Object.entries(shortNames)) {
    const value = facts[name as keyof Rest]
    if (value !== undefined) rest[short] = value
  }
  return [
    'r',
    facts.account,
    facts.roleArn,
    facts.roleId,
    facts.sessionName,
    facts.issuedAt,
    facts.expiresAt - facts.issuedAt,
    rest,
  ]
}

function unpackRole(packed: PackedRole): SessionFacts {
  const [, account, roleArn, roleId, sessionName, issuedAt, lifeMs, rest] = packed
  const facts: Record<string, unknown> = {}
  for (const [name, short] of Object.entries(shortNames)) {
    if (rest[short] !== undefined) facts[name] = rest[short]
  }
  return {
    account,
    roleArn,
    roleId,
    roleName: roleArn.slice(roleArn.lastIndexOf('/') + 1),
    sessionName,
    issuedAt,
    expiresAt: issuedAt + lifeMs,
    ...(facts as Rest),
  }
}
