/** Role sessions in as few bytes as sealing needs: their token travels with each request. */
import { withoutPort, withoutScheme } from '../chain/links/wording.ts'
import type { SessionFacts, WebIdentityFacts } from './caller.ts'

type Rest = Omit<
  SessionFacts,
  'account' | 'roleArn' | 'roleId' | 'roleName' | 'sessionName' | 'issuedAt' | 'expiresAt'
>

/** The facts that every session has by position, the rest by short names. */
export type PackedRole = readonly [
  kind: 'r',
  account: string,
  roleArn: string,
  roleId: string,
  sessionName: string,
  issuedAt: number,
  lifeMs: number,
  rest: Readonly<Record<string, unknown>>,
]

const shortNames: Readonly<Record<Exclude<keyof Rest, 'webIdentity'>, string>> = {
  sessionPolicy: 'p',
  sessionPolicyArns: 'a',
  tags: 't',
  transitiveTagKeys: 'k',
  sourceIdentity: 's',
  instanceId: 'i',
  instanceRegion: 'g',
  roleDelivery: 'v',
  pod: 'o',
  podIdentity: 'd',
  chained: 'c',
  mfaAt: 'm',
}

const shortEntries = Object.entries(shortNames)

export function packRole(facts: SessionFacts): PackedRole {
  const rest: Record<string, unknown> = {}
  for (const [name, short] of shortEntries) {
    const value = facts[name as keyof Rest]
    if (value !== undefined) rest[short] = value
  }
  if (facts.webIdentity) rest['w'] = packWebIdentity(facts.webIdentity)
  const { account, roleArn, roleId, sessionName, issuedAt, expiresAt } = facts
  return ['r', account, roleArn, roleId, sessionName, issuedAt, expiresAt - issuedAt, rest]
}

export function unpackRole(packed: PackedRole): SessionFacts {
  const [, account, roleArn, roleId, sessionName, issuedAt, lifeMs, rest] = packed
  const facts: Record<string, unknown> = {}
  for (const [name, short] of shortEntries) {
    if (rest[short] !== undefined) facts[name] = rest[short]
  }
  if (rest['w']) facts['webIdentity'] = unpackWebIdentity(rest['w'] as PackedWebIdentity)
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

/** The issuer without scheme is in the provider's ARN and in every key, where `~` stands for it, `^` without its port. */
type PackedWebIdentity = readonly [
  issuer: string,
  /** One text in a list: the ARN is that text, then the issuer's name. */
  providerArn: string | readonly [string],
  audience: string,
  subject: string,
  keys: Readonly<Record<string, unknown>>,
]

function packWebIdentity(facts: WebIdentityFacts): PackedWebIdentity {
  const { issuer, audience, subject } = facts
  const name = withoutScheme(issuer)
  const bare = withoutPort(name)
  const keys: Record<string, unknown> = {}
  for (const key in facts.conditionKeys) {
    const value = facts.conditionKeys[key]
    const short = key.startsWith(`${name}:`)
      ? `~${key.slice(name.length)}`
      : key.startsWith(`${bare}:`)
        ? `^${key.slice(bare.length)}`
        : key
    // 0 and 1 stand for subject and audience, which the keys repeat.
    keys[short] = value === subject ? 0 : value === audience ? 1 : value
  }
  const { providerArn } = facts
  const shortArn = providerArn.endsWith(name)
    ? ([providerArn.slice(0, -name.length)] as const)
    : providerArn
  return [issuer, shortArn, audience, subject, keys]
}

function unpackWebIdentity(packed: PackedWebIdentity): WebIdentityFacts {
  const [issuer, providerArn, audience, subject, keys] = packed
  const name = withoutScheme(issuer)
  const bare = withoutPort(name)
  const conditionKeys: Record<string, string | readonly string[]> = {}
  for (const [short, value] of Object.entries(keys)) {
    const key = short.startsWith('~')
      ? name + short.slice(1)
      : short.startsWith('^')
        ? bare + short.slice(1)
        : short
    conditionKeys[key] =
      value === 0 ? subject : value === 1 ? audience : (value as string | readonly string[])
  }
  const arn = typeof providerArn === 'string' ? providerArn : providerArn[0] + name
  return { issuer, providerArn: arn, audience, subject, conditionKeys }
}
