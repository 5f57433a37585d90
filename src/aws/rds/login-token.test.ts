import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { presignQuery } from '../../kernel/sigv4/sign.ts'
import { SigningKeys } from '../../kernel/sigv4/signing-key.ts'
import { administrator, MemoryIdentities, testRegion } from '../gateway/testing.ts'
import { createSessions } from '../sessions.ts'
import { verifyLoginToken } from './login-token.ts'

const at = Date.UTC(2026, 0, 2, 3, 4, 5)
const host = 'shop.cluster-c1.ap-northeast-1.rds.localhost:5432'
const authenticator = {
  identities: new MemoryIdentities(),
  sessions: createSessions({ sealingKeys: [{ id: 1, key: new Uint8Array(32) }] }),
  keys: new SigningKeys(10),
  now: () => at,
  signatureClocks: [() => at],
}
const verify = (token: string) =>
  verifyLoginToken(token, { hosts: [host], region: testRegion, user: 'app' }, authenticator)
const query = presignQuery({
  method: 'GET',
  rawPath: '/',
  rawQuery: 'Action=connect&DBUser=app',
  headers: { host },
  region: testRegion,
  service: 'rds-db',
  credentials: administrator,
  at,
  expiresSeconds: 900,
})
const token = `${host}/?${query}`

test('a token speaks for whoever signed it', () => {
  const verified = verify(token)
  assert.ok('caller' in verified)
  assert.equal(verified.caller.accessKeyId, administrator.accessKeyId)
})

test('no token of which a character was changed, dropped or doubled is good', () => {
  const place = fc.nat({ max: token.length - 1 })
  const character = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code))
  const change = fc.constantFrom('replace', 'drop', 'double')
  fc.assert(
    fc.property(place, character, change, (index, by, how) => {
      const old = token[index] ?? ''
      const put = how === 'replace' ? by : how === 'drop' ? '' : old + old
      const bent = token.slice(0, index) + put + token.slice(index + 1)
      // Hex of a percent sign may be in small letters, and a host in capitals: the same token.
      if (bent.toLowerCase() === token.toLowerCase()) return
      const verified = verify(bent)
      assert.ok('refused' in verified, bent)
    }),
    { numRuns: 1_000 },
  )
})

test('any text for a password is refused and nothing throws', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ maxLength: 300 }).map((text) => `${host}/?${text}`),
    fc.constant('x'.repeat(70_000)),
    fc.constant(`${token}${'&a=b'.repeat(3_000)}`),
  )
  fc.assert(
    fc.property(texts, (text) => {
      assert.ok('refused' in verify(text))
    }),
    { numRuns: 500 },
  )
})
