/** STS behind a gateway for tests, with an issuer whose keys are at hand: no network but the loopback socket. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { IssuerKeys } from '../../chain/links/token.ts'
import { readKeySet } from '../../kernel/jwt/jwk.ts'
import { evaluate } from '../../kernel/policy/evaluate.ts'
import {
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
} from '../gateway/testing.ts'
import type { AwsService } from '../operation.ts'
import { createSessions } from '../sessions.ts'
import { createSts, type Sts } from './service.ts'

export const testIssuer = 'https://localhost:4567/id/0123456789ABCDEF'
export const testProviderArn = `arn:aws:iam::${testAccount}:oidc-provider/${testIssuer.slice(8)}`

/** Signs tokens; `keys` is what its JWKS would say. */
export class TestIssuer {
  readonly #key: KeyObject
  readonly keys: IssuerKeys

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#key = privateKey
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }
    const set = readKeySet({ keys: [jwk] })
    this.keys = { kind: 'keys', keys: set?.keys ?? [], stale: false }
  }

  /** A ServiceAccount token of `default:reader`, issued at `at` (ms); claims given replace or (undefined) remove its own. */
  token(at: number, claims: Record<string, unknown> = {}, header: object = {}): string {
    const iat = Math.floor(at / 1000)
    const own = {
      aud: ['sts.amazonaws.com'],
      exp: iat + 3600,
      iat,
      iss: testIssuer,
      'kubernetes.io': {
        namespace: 'default',
        pod: { name: 'pod-after', uid: '3f5e' },
        serviceaccount: { name: 'reader', uid: '77aa' },
      },
      nbf: iat,
      sub: 'system:serviceaccount:default:reader',
    }
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${encode({ alg: 'RS256', kid: 'one', ...header })}.${encode({ ...own, ...claims })}`
    return `${text}.${sign('sha256', Buffer.from(text), this.#key).toString('base64url')}`
  }
}

/** Trusts the test issuer for one subject and audience. */
export function trustingIssuer(subject = 'system:serviceaccount:default:reader'): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: testProviderArn },
        Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'],
        Condition: {
          StringEquals: {
            [`${testIssuer.slice(8)}:sub`]: subject,
            [`${testIssuer.slice(8)}:aud`]: 'sts.amazonaws.com',
          },
        },
      },
    ],
  })
}

/** Trusts a principal for sts:AssumeRole and what goes with it. */
export function trusting(principal: Record<string, string>, condition?: object): string {
  const Action = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']
  const statement = { Effect: 'Allow', Principal: principal, Action }
  const Statement = [condition ? { ...statement, Condition: condition } : statement]
  return JSON.stringify({ Version: '2012-10-17', Statement })
}

export interface TestSts extends TestGateway {
  readonly issuer: TestIssuer
  readonly sts: Sts
}

/** A gateway with STS (and `more` services), the test issuer registered, and role `irsa` trusting it. */
export async function startTestSts(
  options: Omit<Parameters<typeof startTestGateway>[0], 'services'> & {
    more?: readonly AwsService[]
    clock: NonNullable<Parameters<typeof startTestGateway>[0]['clock']>
  },
): Promise<TestSts> {
  const issuer = new TestIssuer()
  const identities = options.identities ?? new MemoryIdentities()
  identities.providers.push({
    arn: testProviderArn,
    account: testAccount,
    url: testIssuer,
    clientIds: ['sts.amazonaws.com'],
    thumbprints: [],
  })
  identities.addRole('irsa', [], { trustPolicy: trustingIssuer() })
  const sessions =
    options.sessions ??
    createSessions({ sealingKeys: [{ id: 1, key: new Uint8Array(32).fill(7) }] })
  let ownHost = ''
  const sts = createSts({
    identities,
    sessions,
    verifier: { keysOf: () => issuer.keys },
    evaluate,
    clusterOf: (url) => (url === testIssuer ? 'demo' : undefined),
    clock: options.clock,
    signatureClocks: [{ now: () => performance.timeOrigin + performance.now() }],
    isOwnHost: (host) => host === ownHost,
  })
  const services = [sts.service, ...(options.more ?? [])]
  const gateway = await startTestGateway({ ...options, identities, sessions, services })
  ownHost = `127.0.0.1:${gateway.port}`
  return { ...gateway, issuer, sts }
}
