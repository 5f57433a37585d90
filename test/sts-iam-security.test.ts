/** Attacks on STS and IAM over the wire of a whole lab: forged and odd tokens, borrowed and bent signatures. */
import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createSessions } from '../src/aws/sessions.ts'
import { presignQuery, type SigningCredentials } from '../src/kernel/sigv4/sign.ts'
import {
  type Acceptance,
  account,
  bucket,
  outcome,
  roleArn,
  startAcceptance,
  type WireAnswer,
} from './support/acceptance.ts'
import { startTestIssuer, type TestIssuer } from './support/test-issuer.ts'

let it: Acceptance
let attacker: TestIssuer
let session: SigningCredentials
before(async () => {
  it = await startAcceptance()
  attacker = await startTestIssuer()
  session = await it.session()
})
after(async () => {
  await attacker[Symbol.asyncDispose]()
  await it[Symbol.asyncDispose]()
})

const noKeys = /^400 InvalidIdentityToken: Couldn't retrieve verification key/
const invalid = /^400 InvalidIdentityToken: /

/** Trades a token and expects a refusal that holds no credentials and tells nothing more. */
async function refused(token: string, wanted: RegExp, name = token.slice(0, 60)): Promise<void> {
  const answer = await it.exchange(token)
  assert.match(outcome(answer), wanted, name)
  assert.ok(!/AccessKeyId|SessionToken/.test(answer.text), name)
  assert.ok(answer.text.length < 1_500, name)
}

/** The claims of a good token as JSON. */
function claims(): Record<string, unknown> {
  const [, payload = ''] = it.issuer.token().split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

test('a good token is taken, so that the refusals below are of what was changed', async () => {
  assert.equal((await it.exchange(it.issuer.token())).status, 200)
  assert.equal((await it.exchange(it.issuer.tokenOf(JSON.stringify(claims())))).status, 200)
})

test('an algorithm that the key is not for is refused: none, HMAC, another family or hash', async () => {
  for (const alg of ['none', 'nOnE', '', 'RS1', 'PS256', 'EdDSA', 'RS384', 'ES256', 'rs256']) {
    await refused(it.issuer.token({}, { alg }), invalid, alg)
  }
  for (const alg of [null, 0, {}, ['RS256']]) {
    await refused(it.issuer.tokenOf(JSON.stringify(claims()), { alg }), invalid, String(alg))
  }
  const secret = createSecretKey(Buffer.from(it.issuer.publicPem))
  await refused(it.issuer.token({}, { alg: 'HS256' }, secret), invalid)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await refused(it.issuer.token({}, { alg: 'ES256' }, privateKey), invalid)
})

test('a kid is a name in the key set and nothing else', async () => {
  const kids = [
    '../../one',
    '/dev/null',
    'one\u0000',
    'one ',
    'ONE',
    "' OR 1=1 --",
    'x'.repeat(9000),
  ]
  for (const kid of [...kids, '__proto__', '']) {
    await refused(it.issuer.token({}, { kid }), noKeys, kid)
  }
  for (const kid of [1, null, {}, ['one']]) {
    await refused(it.issuer.tokenOf(JSON.stringify(claims()), { alg: 'RS256', kid }), invalid)
  }
})

test('keys that a header brings or points to are never looked at', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = publicKey.export({ format: 'jwk' })
  for (const header of [
    { jku: `${attacker.url}/keys` },
    { x5u: `${attacker.url}/keys` },
    { jwk },
    { x5c: [publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] },
  ]) {
    await refused(it.issuer.token({}, header, privateKey), /^400 InvalidIdentityToken: Invalid sig/)
  }
  assert.equal(attacker.keyRequests, 0)
})

test('critical extensions are refused, since none is understood', async () => {
  await refused(it.issuer.token({}, { crit: ['exp'] }), invalid)
  await refused(it.issuer.token({}, { crit: ['b64'], b64: false }), invalid)
})

test('a member given twice is refused, in claims and in the header', async () => {
  const text = JSON.stringify(claims())
  const twice = (member: string) => text.replace('{', `{${member},`)
  await refused(it.issuer.tokenOf(twice('"sub":"system:serviceaccount:kube-system:root"')), invalid)
  await refused(it.issuer.tokenOf(twice('"\\u0073ub":"somebody"')), invalid)
  await refused(it.issuer.tokenOf(twice('"kubernetes.io":{"a":1,"a":2}')), invalid)
  await refused(it.issuer.tokenOf(text, '{"alg":"RS256","kid":"one","alg":"none"}'), invalid)
})

test('times are whole seconds that a date can hold', async () => {
  const now = Math.floor(Date.now() / 1000)
  const text = JSON.stringify({ ...claims(), exp: 'EXP' })
  const ends = ['1e400', '1e20', '9007199254740993', '-1', `${now + 60}.5`, `"${now + 60}"`, 'true']
  for (const exp of [...ends, 'null', '[]']) {
    await refused(it.issuer.tokenOf(text.replace('"EXP"', exp)), invalid, exp)
  }
  await refused(it.issuer.token({ nbf: now + 3600, iat: now }), invalid)
  await refused(it.issuer.token({ iat: now + 3600, nbf: now }), invalid)
})

test('base64 has one spelling', async () => {
  const [header = '', payload = '', signature = ''] = it.issuer.token().split('.')
  const last = signature.at(-1) ?? ''
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  // 256 bytes leave four bits of the last character unused: another letter means the same bytes.
  const other = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
  for (const [name, token] of Object.entries({
    'unused bits': `${header}.${payload}.${signature.slice(0, -1)}${other}`,
    padding: `${header}.${payload}.${signature}==`,
    'padded header': `${header}=.${payload}.${signature}`,
    'other alphabet': `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`,
    'white space': `${header}.${payload}.${signature}\n`,
    'a fourth part': `${header}.${payload}.${signature}.`,
    'an empty payload': `${header}..${signature}`,
    'no signature': `${header}.${payload}.`,
  })) {
    await refused(token, invalid, name)
  }
})

test('claims are one JSON object in UTF-8, not too deep', async () => {
  const text = JSON.stringify(claims())
  for (const payload of [
    ...[`${text}x`, `\uFEFF${text}`, `[${text}]`, 'null', '""', '{', ''],
    text.replace('{', `{"deep":${'['.repeat(40)}${']'.repeat(40)},`),
  ]) {
    await refused(it.issuer.tokenOf(payload), invalid, payload.slice(0, 40))
  }
})

test('a token beyond the limit is a parameter beyond its limit, and a body beyond it is cut off', async () => {
  const long = it.issuer.token({ padding: 'x'.repeat(20_000) })
  await refused(
    long.slice(0, 20_001),
    /^400 ValidationError: 1 validation error detected: Value '.*' at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000$/,
  )
  assert.match(
    outcome(await it.exchange('x'.repeat(1_100_000))),
    /^\d{3} MaxMessageLengthExceeded: /,
  )
})

test('an issuer is its URL byte for byte', async () => {
  const { url } = it.issuer
  for (const iss of [
    ...[`${url}/`, url.replace('/issuer', '/ISSUER'), url.replace('localhost', 'LOCALHOST')],
    ...[url.replace('https', 'http'), url.replace('//', '//user@'), `${url}?`, `${url}#`],
    ...[url.replace('/issuer', '/x/../issuer'), url.replace(/:\d+/, ''), url.slice(8)],
  ]) {
    await refused(
      it.issuer.token({ iss }),
      /^400 InvalidIdentityToken: No OpenIDConnect provider found in your account for /,
      iss,
    )
  }
  for (const iss of ['', null, [url], { url }]) await refused(it.issuer.token({ iss }), invalid)
})

test('a stranger’s issuer cannot speak for a registered one', async () => {
  await refused(attacker.token({ iss: it.issuer.url }), invalid)
  await refused(attacker.token(), /No OpenIDConnect provider found/)
})

test('audience and subject are texts, compared in their case', async () => {
  for (const aud of ['STS.amazonaws.com', 'sts.amazonaws.com ', ['other', 'another']]) {
    await refused(it.issuer.token({ aud }), /Incorrect token audience/)
  }
  for (const aud of [[], [['sts.amazonaws.com']], {}, '', 5, null]) {
    await refused(it.issuer.token({ aud }), invalid)
  }
  for (const sub of [['system:serviceaccount:default:reader'], {}, '', 1]) {
    await refused(it.issuer.token({ sub }), invalid)
  }
})

const who = 'Action=GetCallerIdentity&Version=2011-06-15'
const post = (
  credentials: SigningCredentials,
  more: Partial<Parameters<Acceptance['signed']>[0]> = {},
): Promise<WireAnswer> =>
  it.signed({ method: 'POST', service: 'sts', credentials, body: who, ...more })
const mismatch = /^403 SignatureDoesNotMatch: /

test('a signature over fewer headers than it must cover is refused, and so is one bent afterwards', async () => {
  assert.equal(outcome(await post(session)), '200')
  const without = (name: string) => (headers: Record<string, string>) => ({
    ...headers,
    authorization: (headers['authorization'] ?? '').replace(`${name};`, '').replace(`;${name}`, ''),
  })
  for (const name of ['host', 'x-amz-date', 'x-amz-security-token']) {
    assert.match(outcome(await post(session, { change: without(name) })), mismatch, name)
  }
  const added = (headers: Record<string, string>) => ({ ...headers, 'x-amz-extra': 'unsigned' })
  assert.match(outcome(await post(session, { change: added })), mismatch)
  assert.match(
    outcome(await post(session, { sentBody: who.replace('CallerIdentity', 'SessionToken') })),
    mismatch,
  )
  const dated = (headers: Record<string, string>) => ({
    ...headers,
    authorization: (headers['authorization'] ?? '').replace(/\/\d{8}\//, '/20200101/'),
  })
  assert.match(outcome(await post(session, { change: dated })), /^(400|403) \w+: /)
})

test('what a signature is scoped to is where it counts', async () => {
  const listRoles = 'Action=ListRoles&Version=2010-05-08'
  const asSts = await post(it.administrator, { body: listRoles })
  assert.match(outcome(asSts), /^400 InvalidAction: Could not find operation ListRoles for version/)
  const bent = await post(it.administrator, {
    change: (headers) => ({
      ...headers,
      authorization: (headers['authorization'] ?? '').replace('/sts/', '/iam/'),
    }),
    body: listRoles,
  })
  assert.match(outcome(bent), mismatch)
  const elsewhere = await post(it.administrator, {
    change: (headers) => ({
      ...headers,
      authorization: (headers['authorization'] ?? '').replace('ap-northeast-1', 'us-west-2'),
    }),
  })
  assert.match(outcome(elsewhere), mismatch)
})

test('a request replayed when its time is over, or sent before it has come, is refused', async () => {
  const old = await post(session, { at: Date.now() - 6 * 60_000 })
  assert.match(
    outcome(old),
    /^403 SignatureDoesNotMatch: Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
  )
  const early = await post(session, { at: Date.now() + 6 * 60_000 })
  assert.match(outcome(early), /^403 SignatureDoesNotMatch: Signature not yet current: /)
  const host = new URL(it.lab.environment['AWS_ENDPOINT_URL'] ?? '').host
  const presigned = (at: number) =>
    presignQuery({
      ...{ method: 'GET', rawPath: '/', rawQuery: who, headers: { host }, service: 'sts' },
      ...{ region: 'ap-northeast-1', credentials: session, at, expiresSeconds: 60 },
    })
  const get = (query: string) => it.send({ target: `/?${query}`, headers: { host } })
  assert.equal(outcome(await get(presigned(Date.now()))), '200')
  assert.match(outcome(await get(presigned(Date.now() - 16 * 60_000))), mismatch)
  const query = presigned(Date.now())
  assert.match(outcome(await get(query.replace('Expires=60', 'Expires=900'))), mismatch)
})

test('a session token works whole, with its own key, in its own lab', async () => {
  const unknown = /^403 InvalidClientTokenId: The security token included in the request is invalid/
  const other = await it.session()
  const { sessionToken = '' } = session
  const flipped = `${sessionToken.slice(0, 40)}${sessionToken[40] === 'A' ? 'B' : 'A'}${sessionToken.slice(41)}`
  for (const credentials of [
    { ...session, sessionToken: other.sessionToken ?? '' },
    { ...session, sessionToken: flipped },
    { ...session, sessionToken: sessionToken.slice(0, -4) },
    { ...session, sessionToken: '' },
    { ...it.administrator, sessionToken },
    { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
  ]) {
    assert.match(outcome(await post(credentials)), unknown)
  }
  const foreign = createSessions({ sealingKeys: [{ id: 1, key: new Uint8Array(32).fill(9) }] })
  const forged = foreign.issue({
    ...{ account, roleArn: roleArn('irsa'), roleId: 'AROAAAAAAAAAAAAAAAAAA', roleName: 'irsa' },
    ...{ sessionName: 'sess', issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 },
  })
  assert.match(outcome(await post(forged)), unknown)
  const s3 = await it.signed({ service: 's3', credentials: forged, target: `/${bucket}` })
  assert.match(outcome(s3), /^400 InvalidToken: /)
})

test('a request that two readers could understand differently is refused', async () => {
  const twice = await it.send({
    body: who,
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a' },
    target: `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=b&${who}`,
  })
  assert.match(outcome(twice), /^4\d\d \w+: /)
  // The body's fields decide, the query's are part of what is signed and of nothing else.
  const both = await post(session, { target: '/?Action=GetSessionToken&Version=2011-06-15' })
  assert.match(both.text, /^<GetCallerIdentityResponse /)
  const doubled = await post(session, { body: `${who}&Action=GetSessionToken` })
  assert.match(doubled.text, /^<GetCallerIdentityResponse /)
})
