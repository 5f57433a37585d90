import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { compactVerify, importJWK, SignJWT } from 'jose'
import { algorithmNames } from './algorithm.ts'
import { readJwk, readKeySet, type VerificationKey } from './jwk.ts'
import { type ParsedToken, parseToken, signToken, tokenLengthMax, verifyToken } from './jws.ts'

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../vectors/jwt/${name}.json`, import.meta.url), 'utf8'))
const encode = (text: string) => Buffer.from(text).toString('base64url')
const keyOf = (jwk: object): VerificationKey => {
  const read = readJwk(jwk)
  assert.ok('key' in read, JSON.stringify(read))
  return read.key
}
const parsed = (token: string): ParsedToken => {
  const read = parseToken(token)
  assert.ok(!('fault' in read), JSON.stringify(read))
  return read
}
/** Any JWS, also one whose payload is no JSON. */
const taken = (token: string, algorithm: ParsedToken['algorithm']): ParsedToken => {
  const [header, payload, signature = ''] = token.split('.')
  return {
    algorithm,
    kid: '',
    header: {},
    claims: {},
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

for (const { name, given, expect } of vectors('rfc')) {
  test(`${name}`, async () => {
    const read = parseToken(given.token)
    assert.equal('fault' in read ? read.fault : 'token', expect.read)
    if (!given.jwk) return
    const token = taken(given.token, expect.algorithm)
    assert.equal(verifyToken(token, keyOf(given.jwk)), expect.verified)
    await compactVerify(given.token, await importJWK(given.jwk, expect.algorithm))
    const changed = { ...token, signed: `${token.signed}A` }
    assert.equal(verifyToken(changed, keyOf(given.jwk)), false)
  })
}

for (const { name, given, expect } of vectors('parse')) {
  test(`a token with ${name}: ${expect}`, () => {
    const token =
      given.token ??
      `${encode(given.header)}.${encode(given.claims)}.${given.signature ?? encode('signature')}`
    const read = parseToken(token)
    assert.equal('fault' in read ? read.fault : 'token', expect)
  })
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pairs: Record<string, { publicKey: KeyObject; privateKey: KeyObject }> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
}
const jwkOf = (algorithm: string, more: object = {}) => ({
  ...pairs[algorithm]?.publicKey.export({ format: 'jwk' }),
  ...more,
})
const signedByJose = (algorithm: string, header: object = {}) =>
  new SignJWT({ sub: 'a' })
    .setProtectedHeader({ alg: algorithm, kid: 'k', ...header })
    .sign(pairs[algorithm]?.privateKey ?? rsa.privateKey)

for (const algorithm of algorithmNames) {
  test(`${algorithm}: what jose signs we verify, and what we sign jose verifies`, async () => {
    const key = keyOf(jwkOf(algorithm, { alg: algorithm, use: 'sig' }))
    const theirs = parsed(await signedByJose(algorithm))
    assert.equal(verifyToken(theirs, key), true)
    assert.equal(verifyToken({ ...theirs, signature: theirs.signature.subarray(1) }, key), false)
    assert.equal(verifyToken({ ...theirs, signature: Buffer.alloc(0) }, key), false)
    const privateKey = pairs[algorithm]?.privateKey ?? rsa.privateKey
    const ours = signToken({ claims: { sub: 'b' }, algorithm, kid: 'k', key: privateKey })
    await compactVerify(ours, await importJWK(jwkOf(algorithm), algorithm))
  })
}

test('a key verifies only the algorithms of its type, its curve and its own alg', async () => {
  for (const signed of algorithmNames) {
    const token = parsed(await signedByJose(signed))
    for (const bound of algorithmNames) {
      const accepted = verifyToken(token, keyOf(jwkOf(bound, { alg: bound })))
      assert.equal(accepted, signed === bound, `${signed} by a key for ${bound}`)
    }
  }
  const free = keyOf(jwkOf('RS256'))
  assert.deepEqual(free.algorithms, ['RS256', 'RS384', 'RS512'])
  assert.deepEqual(keyOf(jwkOf('ES384')).algorithms, ['ES384'])
})

test('the public key as an HMAC secret opens nothing', () => {
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
  for (const alg of ['HS256', 'RS256']) {
    const signed = `${encode(JSON.stringify({ alg, kid: 'k' }))}.${encode('{"sub":"a"}')}`
    const token = `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`
    const read = parseToken(token)
    if (alg === 'HS256') assert.ok('fault' in read && read.fault === 'algorithm')
    else assert.equal(verifyToken(parsed(token), keyOf(jwkOf('RS256'))), false)
  }
})

test('keys within the header are not used', async () => {
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const token = await new SignJWT({ sub: 'a' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k', jwk: own.publicKey.export({ format: 'jwk' }) })
    .sign(own.privateKey)
  assert.equal(verifyToken(parsed(token), keyOf(jwkOf('RS256'))), false)
})

test('a token may be as long as STS takes, and no longer', () => {
  const header = encode('{"alg":"RS256"}')
  const room = tokenLengthMax - header.length - '..AA'.length
  const claims = encode(`{"a":"${'x'.repeat(Math.floor((room * 3) / 4) - 8)}"}`)
  assert.ok(!('fault' in parseToken(`${header}.${claims}.AA`)))
  const read = parseToken(`${header}.${claims}.${'A'.repeat(40)}`)
  assert.ok('fault' in read && read.fault === 'oversized')
})

test('unusable keys are left out of a set, with the reason', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const usable = jwkOf('RS256', { kid: 'good' })
  const cases: [object | string | null, RegExp][] = [
    ['x', /not an object/],
    [jwkOf('RS256', { use: 'enc' }), /not for signatures/],
    [jwkOf('RS256', { key_ops: ['encrypt'] }), /not for verifying/],
    [jwkOf('RS256', { kid: 5 }), /no usable kid/],
    [jwkOf('RS256', { alg: 'HS256' }), /unsupported/],
    [jwkOf('RS256', { alg: 'ES256' }), /unsupported/],
    [{ kty: 'oct', k: 'AAAA' }, /unsupported/],
    [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }, /unsupported/],
    [jwkOf('RS256', { n: 'A+' }), /malformed/],
    [jwkOf('RS256', { e: 'AQ' }), /malformed/],
    [jwkOf('RS256', { e: 'AQAC' }), /malformed/],
    [jwkOf('RS256', { e: 'AQAAAAAB' }), /malformed/],
    [jwkOf('ES256', { x: 'AAAA' }), /malformed/],
    [short.export({ format: 'jwk' }), /1024 bits/],
  ]
  const set = readKeySet({ keys: [...cases.map(([jwk]) => jwk), usable] })
  assert.deepEqual(
    set?.keys.map(({ kid }) => kid),
    ['good'],
  )
  for (const [index, [, why]] of cases.entries()) assert.match(set?.problems[index] ?? '', why)
  for (const none of [null, [], {}, { keys: {} }, { keys: Array(101).fill(usable) }]) {
    assert.equal(readKeySet(none), undefined)
  }
})

test('no text makes the parser throw', () => {
  const piece = fc.oneof(fc.string(), fc.json(), fc.base64String()).map(encode)
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(piece, fc.string()), { maxLength: 4 }).map((parts) => parts.join('.')),
    fc
      .jsonValue()
      .map((claims) => `${encode('{"alg":"RS256"}')}.${encode(JSON.stringify(claims))}.AA`),
  )
  fc.assert(fc.property(text, (token) => typeof parseToken(token) === 'object'))
})

test('any claims survive signing and reading', () => {
  const claims = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()))
  const key = keyOf(jwkOf('ES256'))
  fc.assert(
    fc.property(claims, (given) => {
      const privateKey = pairs['ES256']?.privateKey ?? rsa.privateKey
      const text = signToken({ claims: given, algorithm: 'ES256', kid: 'k', key: privateKey })
      const token = parsed(text)
      assert.equal(verifyToken(token, key), true)
      assert.deepEqual({ ...token.claims }, JSON.parse(JSON.stringify(given)))
    }),
    { numRuns: 30 },
  )
})
