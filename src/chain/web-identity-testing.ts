/** A cluster's token, a role that trusts it, and what STS would answer: the ground of the tests of this chain. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readJwk } from '../kernel/jwt/jwk.ts'
import { signToken } from '../kernel/jwt/jws.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import type { IssuerKeys } from './links/token.ts'
import { webIdentityError } from './links/web-identity-fault.ts'
import { judgeWebIdentity, type WebIdentityPorts } from './web-identity.ts'

export const issuer = 'https://localhost:4567/id/9F'
export const host = 'localhost:4567/id/9F'
export const account = '111122223333'
export const roleArn = `arn:aws:iam::${account}:role/podpass-irsa-default-my-sa`
export const providerArn = `arn:aws:iam::${account}:oidc-provider/${host}`
const at = Date.UTC(2026, 0, 1, 12)
export const now = at / 1000

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const read = readJwk({ ...publicKey.export({ format: 'jwk' }), kid: '1c9e5', alg: 'RS256' })
assert.ok('key' in read)
const keys: IssuerKeys = { kind: 'keys', keys: [read.key], stale: false }

export const claims = {
  iss: issuer,
  sub: 'system:serviceaccount:default:my-sa',
  aud: ['sts.amazonaws.com'],
  exp: now + 86_400,
  iat: now,
  nbf: now,
  'kubernetes.io': {
    namespace: 'default',
    serviceaccount: { name: 'my-sa', uid: 's' },
    pod: { name: 'pod-after', uid: 'p' },
  },
}
export const mint = (changes: Record<string, unknown> = {}, kid = '1c9e5', key = privateKey) =>
  signToken({ claims: { ...claims, ...changes }, algorithm: 'RS256', kid, key })

interface Statement {
  Effect?: string
  Principal?: unknown
  Action?: unknown
  Condition?: unknown
}
export const statement = (changes: Statement = {}) => ({
  Effect: 'Allow',
  Principal: { Federated: providerArn },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: {
    StringEquals: {
      [`${host}:sub`]: 'system:serviceaccount:default:my-sa',
      [`${host}:aud`]: 'sts.amazonaws.com',
    },
  },
  ...changes,
})
export const policy = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

export type Role = { arn: string; account: string; trustPolicy: string }
export const ports = (changes: Partial<WebIdentityPorts<Role>> = {}): WebIdentityPorts<Role> => ({
  role: (arn) => (arn === roleArn ? { arn, account, trustPolicy: policy(statement()) } : undefined),
  oidcProvider: (of, url) =>
    of === account && url === issuer
      ? { arn: providerArn, url, clientIds: ['sts.amazonaws.com'], thumbprints: [] }
      : undefined,
  keysOf: () => keys,
  evaluate,
  ...changes,
})
export const trusting = (trustPolicy: string) =>
  ports({ role: (arn) => ({ arn, account, trustPolicy }) })
export const judge = (token: string, from = ports(), arn = roleArn) =>
  judgeWebIdentity({ token, roleArn: arn, at, context: {}, clusterOf: () => 'irsa' }, from)
export const refusal = async (token: string, from = ports(), arn = roleArn) => {
  const judgement = await judge(token, from, arn)
  assert.equal(judgement.kind, 'refused')
  const broken = judgement.links.find(({ verdict }) => verdict === 'refused')
  assert.ok(broken)
  assert.equal(judgement.links.length, 3)
  return { error: webIdentityError(judgement.fault), broken, judgement }
}
