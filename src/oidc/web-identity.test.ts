import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLog } from '../audit/log.ts'
import { webIdentityError } from '../chain/links/web-identity-fault.ts'
import { judgeWebIdentity } from '../chain/web-identity.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createCertificateAuthority, thumbprintOf } from '../x509/authority.ts'
import { openIssuer, type RotatingIssuer } from './issuer.ts'
import { type IssuerServer, startIssuerServer } from './issuer-server.ts'
import { createVerifier } from './verifier.ts'

const account = '111122223333'
const roleArn = `arn:aws:iam::${account}:role/irsa`
const wall = { now: () => Date.now() }
const ca = await createCertificateAuthority({ commonName: 'lab', clock: wall })
const clock = new ManualClock()
const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
const verifier = createVerifier({ clock, log: silentLog, allowLoopback: true })
let issuer: RotatingIssuer
let server: IssuerServer
let port = 0

const serve = async () => {
  server = await startIssuerServer({
    host: '127.0.0.1',
    port,
    tls: await ca.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] }),
    issuers: (path) => (path === '/id/A' ? issuer : undefined),
    log: silentLog,
  })
  port = server.port
}
before(async () => {
  await serve()
  issuer = await openIssuer({ store, prefix: '/a', url: `https://127.0.0.1:${port}/id/A`, clock })
})
after(async () => {
  issuer[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
})

const mint = (changes: object = {}) => {
  const now = Math.floor(clock.now() / 1000)
  const sub = 'system:serviceaccount:default:reader'
  const aud = ['sts.amazonaws.com']
  return issuer.sign({ iss: issuer.url, sub, aud, iat: now, exp: now + 86_400, ...changes })
}
/** STS's answer: `trusted`, or the text of its refusal. */
async function assume(token: string): Promise<string> {
  const name = issuer.url.replace('https://', '')
  const arn = `arn:aws:iam::${account}:oidc-provider/${name}`
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: arn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${name}:sub`]: 'system:serviceaccount:default:reader' } },
  }
  const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const judgement = await judgeWebIdentity(
    { token, roleArn, at: clock.now(), context: {} },
    {
      role: () => ({ arn: roleArn, account, trustPolicy }),
      oidcProvider: (_, url) =>
        url === issuer.url
          ? { arn, url, clientIds: ['sts.amazonaws.com'], thumbprints: [thumbprintOf(ca.certPem)] }
          : undefined,
      keysOf: (request) => verifier.keysOf(request),
      evaluate,
    },
  )
  return judgement.kind === 'trusted' ? 'trusted' : webIdentityError(judgement.fault).message
}

test('a token of a running issuer buys a session, known by the thumbprint of its authority', async () => {
  assert.equal(await assume(mint()), 'trusted')
  assert.match(
    await assume(mint({ sub: 'system:serviceaccount:default:other' })),
    /^Not authorized/,
  )
})

test('a new signing key works at once; the old one until it is retired', async () => {
  const before = mint()
  await issuer.rotate()
  assert.equal(await assume(mint()), 'trusted')
  assert.equal(await assume(before), 'trusted')
  const old = issuer.keys().find(({ active }) => !active)
  await issuer.retire(old?.kid ?? '')
  verifier.forget(issuer.url)
  assert.match(await assume(before), /^Couldn't retrieve verification key/)
  assert.equal(await assume(mint()), 'trusted')
})

test('an issuer that is down refuses new comers, serves known ones, and is found again', async () => {
  await server[Symbol.asyncDispose]()
  clock.advance(3_600_000)
  assert.equal(await assume(mint()), 'trusted')
  verifier.forget()
  assert.match(await assume(mint()), /^Couldn't retrieve verification key/)
  await serve()
  assert.equal(await assume(mint()), 'trusted')
})

test('time passes for tokens: after a day they have expired', async () => {
  const token = mint()
  clock.advance(86_400_000)
  assert.match(await assume(token), /^Token expired: current date\/time \d+ must be before/)
})
