import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { ManualClock } from '../clock/manual-clock.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { openIssuer, type RotatingIssuer } from './issuer.ts'

const url = 'https://localhost:4567/id/ABC'
const clock = new ManualClock()
let store: Store
let issuer: RotatingIssuer

before(async () => {
  store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  issuer = await openIssuer({ store, prefix: '/kubernetes/a', url, clock })
})
after(async () => {
  issuer[Symbol.dispose]()
  await store[Symbol.asyncDispose]()
})

const kidOf = (token: string) => decodeProtectedHeader(token).kid
const verifiedByJose = async (token: string) => {
  const keys = createLocalJWKSet({ keys: issuer.jwks().keys.map((key) => ({ ...key })) })
  const { payload } = await jwtVerify(token, keys, {
    issuer: url,
    currentDate: new Date(clock.now()),
  })
  return payload
}

test('tokens verify with the published key set, and the kid is the hash of the key', async () => {
  const token = issuer.sign({ iss: url, sub: 'system:serviceaccount:default:my-sa', aud: ['a'] })
  assert.equal((await verifiedByJose(token)).sub, 'system:serviceaccount:default:my-sa')
  assert.equal(issuer.verifyOwn(token)?.['sub'], 'system:serviceaccount:default:my-sa')
  const [jwk] = issuer.jwks().keys
  const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  const shell = 'openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64 -w0'
  const hash = execFileSync('sh', ['-c', shell], { input: pem }).toString()
  assert.equal(kidOf(token), hash.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))
})

test('a token of another issuer, of another key, or changed, is not its own', async () => {
  const other = await openIssuer({ store, prefix: '/kubernetes/b', url, clock })
  assert.equal(issuer.verifyOwn(other.sign({ iss: url })), undefined)
  assert.equal(issuer.verifyOwn(issuer.sign({ iss: `${url}/` })), undefined)
  const token = issuer.sign({ iss: url, sub: 'a' })
  const [header, , signature] = token.split('.')
  const claims = Buffer.from(JSON.stringify({ iss: url, sub: 'b' })).toString('base64url')
  assert.equal(issuer.verifyOwn(`${header}.${claims}.${signature}`), undefined)
  assert.equal(issuer.verifyOwn('x'), undefined)
  other[Symbol.dispose]()
})

test('after a rotation old tokens are good until their key is retired', async () => {
  const before = issuer.sign({ iss: url })
  const oldKid = kidOf(before) ?? ''
  await assert.rejects(issuer.retire(oldKid), /is the one that signs/)
  const fresh = await issuer.rotate()
  assert.equal(kidOf(issuer.sign({ iss: url })), fresh.kid)
  await verifiedByJose(before)
  assert.ok(issuer.verifyOwn(before))
  assert.deepEqual(
    issuer.keys().map(({ active }) => active),
    [false, true],
  )
  await issuer.retire(oldKid)
  await assert.rejects(verifiedByJose(before), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  assert.equal(issuer.verifyOwn(before), undefined)
  await assert.rejects(issuer.retire('nobody'), /no key/)
})

test('an issuer opened again has the same keys, and sees what another process rotates', async () => {
  const again = await openIssuer({ store, prefix: '/kubernetes/a', url, clock })
  assert.deepEqual(again.jwks(), issuer.jwks())
  await issuer.rotate()
  assert.deepEqual(again.jwks(), issuer.jwks())
  assert.equal(kidOf(again.sign({ iss: url })), kidOf(issuer.sign({ iss: url })))
  await Promise.all([again.rotate(), issuer.rotate()])
  assert.equal(issuer.keys().length, 4)
  assert.equal(issuer.keys().filter(({ active }) => active).length, 1)
  again[Symbol.dispose]()
})
