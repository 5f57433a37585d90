import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { presignQuery, type SigningCredentials, signHeaders } from '../../kernel/sigv4/sign.ts'
import { echoService } from './echo-service.testing.ts'
import {
  administrator,
  allowing,
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
} from './testing.ts'

const clock = new ManualClock(Date.now())
const services = (['s3', 'iam', 'eks', 'cloudtrail'] as const).map(echoService)
const errors: object[] = []
const weak = { accessKeyId: 'AKIAWEAKWEAKWEAKWEAK', secretAccessKey: 'weak' }
const inactive = { accessKeyId: 'AKIAINACTIVEINACTIVE', secretAccessKey: 'inactive' }
const identities = new MemoryIdentities()
identities.addUser('weak', weak, allowing('s3:Echo', 'arn:aws:s3:::echo/weak'))
identities.addUser('inactive', inactive)
const inactiveKey = identities.keys.get(inactive.accessKeyId)
if (inactiveKey) identities.keys.set(inactive.accessKeyId, { ...inactiveKey, active: false })

let gateway: TestGateway
before(async () => {
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (facts: object) => void errors.push(facts),
  }
  gateway = await startTestGateway({ services, identities, clock, log })
})
after(() => gateway[Symbol.asyncDispose]())

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
  json: Record<string, unknown>
  continued: boolean
}

interface Sent {
  method?: string
  path?: string
  query?: string
  service?: string
  credentials?: SigningCredentials
  at?: number
  body?: string
  headers?: Record<string, string>
  payloadHash?: string
  unsigned?: boolean
  /** Headers added or replaced after signing. */
  tamper?: Record<string, string>
  sentBody?: string
  target?: string
}

function send(given: Sent): Promise<Answer> {
  const { method = 'GET', path = '/any', query = '', service = 's3', body = '' } = given
  const host = `127.0.0.1:${gateway.port}`
  const headers = given.unsigned
    ? { host, ...given.headers }
    : signHeaders({
        method,
        rawPath: path,
        rawQuery: query,
        headers: { host, ...given.headers },
        region: 'ap-northeast-1',
        service,
        credentials: given.credentials ?? administrator,
        at: given.at ?? clock.now(),
        body,
        ...(given.payloadHash === undefined ? {} : { payloadHash: given.payloadHash }),
      })
  const target = given.target ?? (query ? `${path}?${query}` : path)
  return exchange(method, target, { ...headers, ...given.tamper }, given.sentBody ?? body)
}

function exchange(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let continued = false
    const request = httpRequest({ host: '127.0.0.1', port: gateway.port, method, path, headers })
    request.on('error', reject)
    request.on('continue', () => {
      continued = true
      request.end(body)
    })
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => {
        const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          json,
          continued,
        })
        request.destroy()
      })
    })
    if (headers['expect']) request.flushHeaders()
    else request.end(body)
  })
}

function session(life = 3_600_000): SigningCredentials {
  const role = identities.addRole('reader', [allowing('*')])
  return gateway.sessions.issue({
    account: testAccount,
    roleArn: role.arn,
    roleId: role.id,
    roleName: role.name,
    sessionName: 'one',
    issuedAt: clock.now(),
    expiresAt: clock.now() + life,
  })
}

async function check(given: Sent, status: number, code: string): Promise<Answer> {
  const answer = await send(given)
  assert.equal(`${answer.status} ${String(answer.json['code'])}`, `${status} ${code}`)
  return answer
}

describe('authentication failures, in the words of each protocol', () => {
  const codes: Record<string, Record<string, [number, string]>> = {
    s3: {
      unknown: [403, 'InvalidAccessKeyId'],
      inactive: [403, 'InvalidAccessKeyId'],
      signature: [403, 'SignatureDoesNotMatch'],
      expired: [400, 'ExpiredToken'],
      token: [400, 'InvalidToken'],
      skew: [403, 'RequestTimeTooSkewed'],
      missing: [403, 'AccessDenied'],
      unsigned: [403, 'AccessDenied'],
      malformed: [400, 'AuthorizationHeaderMalformed'],
      unsupported: [400, 'InvalidRequest'],
    },
    iam: {
      unknown: [403, 'InvalidClientTokenId'],
      inactive: [403, 'InvalidClientTokenId'],
      signature: [403, 'SignatureDoesNotMatch'],
      expired: [403, 'ExpiredToken'],
      token: [403, 'InvalidClientTokenId'],
      skew: [403, 'SignatureDoesNotMatch'],
      missing: [403, 'MissingAuthenticationToken'],
      unsigned: [403, 'SignatureDoesNotMatch'],
      malformed: [400, 'IncompleteSignature'],
      unsupported: [400, 'IncompleteSignature'],
    },
    eks: {
      unknown: [403, 'UnrecognizedClientException'],
      inactive: [403, 'UnrecognizedClientException'],
      signature: [403, 'InvalidSignatureException'],
      expired: [403, 'ExpiredTokenException'],
      token: [403, 'UnrecognizedClientException'],
      skew: [403, 'InvalidSignatureException'],
      unsigned: [403, 'InvalidSignatureException'],
      malformed: [403, 'IncompleteSignatureException'],
      unsupported: [403, 'IncompleteSignatureException'],
    },
    cloudtrail: {
      unknown: [400, 'UnrecognizedClientException'],
      signature: [400, 'InvalidSignatureException'],
      expired: [400, 'ExpiredTokenException'],
      token: [400, 'UnrecognizedClientException'],
      skew: [400, 'InvalidSignatureException'],
    },
  }
  const attempts: Record<string, (service: string) => Sent> = {
    unknown: () => ({ credentials: { accessKeyId: 'AKIANOBODYNOBODYNOBO', secretAccessKey: 'x' } }),
    inactive: () => ({ credentials: inactive }),
    signature: () => ({ credentials: { ...administrator, secretAccessKey: 'wrong' } }),
    expired: () => ({ credentials: session(-1) }),
    token: () => ({ credentials: { ...session(), sessionToken: 'AQFmb3JlaWdu' } }),
    skew: () => ({ at: clock.now() - 20 * 60_000 }),
    missing: (service) => ({
      unsigned: true,
      ...(service === 'iam' ? { path: '/', query: 'Action=Echo&Version=2010-05-08' } : {}),
    }),
    unsigned: () => ({ tamper: { 'x-amz-extra': 'added later' } }),
    malformed: (service) => ({
      tamper: { authorization: `AWS4-HMAC-SHA256 Credential=A/20260101/r/${service}/aws4_request` },
    }),
    unsupported: (service) => ({
      tamper: { authorization: `AWS4-HMAC-SHA1 Credential=A/20260101/r/${service}/aws4_request` },
    }),
  }
  for (const [service, rows] of Object.entries(codes)) {
    for (const [attempt, [status, code]] of Object.entries(rows)) {
      it(`${service} answers ${code} (${status}) to: ${attempt}`, async () => {
        const sent = { service, ...attempts[attempt]?.(service) }
        const answer = await check(sent, status, code)
        assert.ok(!answer.body.includes(administrator.secretAccessKey))
        assert.equal(gateway.audit.last?.outcome, 'denied')
      })
    }
  }

  it('S3 says what it signed, so that a client can compare', async () => {
    const sent = { credentials: { ...administrator, secretAccessKey: 'wrong' } }
    const { json } = await check(sent, 403, 'SignatureDoesNotMatch')
    assert.match(String(json['StringToSign']), /^AWS4-HMAC-SHA256\n/)
    assert.match(String(json['CanonicalRequest']), /^GET\n\/any\n/)
    assert.match(String(json['StringToSignBytes']), /^41 57 53 34/)
  })

  it('a temporary key without its token is refused', async () => {
    const { accessKeyId, secretAccessKey } = session()
    await check({ credentials: { accessKeyId, secretAccessKey } }, 400, 'InvalidToken')
  })

  it("another session's token does not fit", async () => {
    const { sessionToken = '' } = session()
    await check({ credentials: { ...session(), sessionToken } }, 400, 'InvalidToken')
  })

  it('a session of a role that was deleted, or made anew, is refused at the next request', async () => {
    const credentials = session()
    assert.equal((await send({ credentials })).status, 200)
    const role = identities.addRole('reader', [allowing('*')], { id: 'AROAANOTHER0000000000' })
    await check({ credentials }, 403, 'InvalidAccessKeyId')
    identities.roles.delete(role.arn)
    await check({ credentials, service: 'iam' }, 403, 'InvalidClientTokenId')
    assert.match(gateway.audit.last?.links[0]?.summary ?? '', /does not exist any more/)
  })

  it('V2 headers are refused in S3 words', async () => {
    const sent = { unsigned: true, headers: { authorization: 'AWS AKIA:signature' } }
    await check(sent, 400, 'InvalidRequest')
  })
})

describe('time', () => {
  it('S3 takes 15 minutes of skew, the others 5, both ways', async () => {
    const minutes = async (service: string, n: number) =>
      (await send({ service, at: clock.now() + n * 60_000 })).status
    assert.deepEqual(
      [
        await minutes('s3', -14),
        await minutes('s3', 14),
        await minutes('s3', 16),
        await minutes('iam', -4),
        await minutes('iam', -6),
        await minutes('iam', 6),
      ],
      [200, 200, 403, 200, 403, 403],
    )
  })

  it('a signature is fresh by the wall clock too, a session lives by the lab clock alone', async () => {
    const old = session()
    const wall = clock.now()
    clock.advance(3_600_000)
    assert.equal((await send({ at: wall })).status, 200)
    assert.equal((await send({ at: clock.now() })).status, 200)
    await check({ at: wall, credentials: old }, 400, 'ExpiredToken')
    await check({ at: wall + 1_800_000 }, 403, 'RequestTimeTooSkewed')
    clock.advance(-3_600_000)
  })

  it('presigned URLs die with their time, in S3 words', async () => {
    const url = (
      expiresSeconds: number,
      at: number,
      credentials: SigningCredentials = administrator,
    ) =>
      presignQuery({
        method: 'GET',
        rawPath: '/any',
        headers: { host: `127.0.0.1:${gateway.port}` },
        region: 'r',
        service: 's3',
        credentials,
        at,
        expiresSeconds,
      })
    const get = (query: string) => send({ unsigned: true, query })
    assert.equal((await get(url(60, clock.now()))).status, 200)
    const expired = await get(url(60, clock.now() - 61_000))
    assert.deepEqual([expired.status, expired.json['message']], [403, 'Request has expired'])
    assert.equal(expired.json['X-Amz-Expires'], '60')
    const dead = await get(url(600, clock.now(), session(-1)))
    assert.deepEqual([dead.status, dead.json['code']], [400, 'ExpiredToken'])
    const zero = await get(url(0, clock.now()))
    assert.deepEqual([zero.status, zero.json['code']], [400, 'AuthorizationQueryParametersError'])
  })
})

describe('bodies', () => {
  it('a tampered body is found out, buffered or streamed, signed by hash or by itself', async () => {
    await check({ method: 'POST', body: 'one', sentBody: 'two' }, 400, 'XAmzContentSHA256Mismatch')
    await check({ method: 'PUT', body: 'one', sentBody: 'two' }, 400, 'XAmzContentSHA256Mismatch')
    await check(
      { method: 'POST', body: 'one', sentBody: 'two', service: 'iam' },
      403,
      'SignatureDoesNotMatch',
    )
  })

  it('an unsigned payload is taken where the client says so', async () => {
    const answer = await send({ method: 'PUT', payloadHash: 'UNSIGNED-PAYLOAD', sentBody: 'free' })
    assert.deepEqual([answer.status, answer.json['body']], [200, 'free'])
  })

  it('S3 wants x-amz-content-sha256, in one of its forms', async () => {
    await check({ payloadHash: 'abc' }, 400, 'AuthorizationHeaderMalformed')
    await check({ payloadHash: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }, 501, 'NotImplemented')
    const chunked = {
      method: 'PUT',
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      sentBody: '0\r\n\r\n',
    }
    await check(chunked, 411, 'MissingContentLength')
  })

  it('chunks with a trailer are decoded; a cut one is refused', async () => {
    const headers = { 'x-amz-decoded-content-length': '3', 'x-amz-trailer': 'x-amz-checksum-crc32' }
    const sent = { method: 'PUT', payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers }
    const whole = '3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n'
    const answer = await send({ ...sent, sentBody: whole })
    assert.equal(answer.json['body'], 'abc')
    assert.deepEqual(answer.json['trailers'], { 'x-amz-checksum-crc32': 'NSRBwg==' })
    await check({ ...sent, sentBody: '3\r\nab' }, 400, 'IncompleteBody')
    await check(
      { ...sent, sentBody: whole.replace('crc32', 'other') },
      400,
      'MalformedTrailerError',
    )
  })

  it('more than an operation takes is refused before it is read', async () => {
    const body = 'x'.repeat(1001)
    await check({ method: 'POST', body }, 400, 'MaxMessageLengthExceeded')
    await check({ method: 'POST', body, service: 'iam' }, 400, 'MaxMessageLengthExceeded')
  })

  it('Expect: 100-continue is answered after authorisation, and not at all on a refusal', async () => {
    const sent = { method: 'PUT', body: 'later', headers: { expect: '100-continue' } }
    const good = await send(sent)
    assert.deepEqual([good.status, good.continued, good.json['body']], [200, true, 'later'])
    const denied = await send({ ...sent, credentials: weak })
    assert.deepEqual([denied.status, denied.continued], [403, false])
    assert.equal(denied.headers['connection'], 'close')
  })

  it('a HEAD is answered without a body, also in error', async () => {
    const good = await send({ method: 'HEAD' })
    assert.deepEqual([good.status, good.body, good.headers['x-path']], [200, '', '/any'])
    const denied = await send({ method: 'HEAD', credentials: weak })
    assert.deepEqual([denied.status, denied.body], [403, ''])
  })
})

describe('authorisation', () => {
  it("denies in AWS's words; S3 puts the resource in quotes", async () => {
    const who = `User: arn:aws:iam::${testAccount}:user/weak is not authorized to perform:`
    const s3 = await check({ credentials: weak }, 403, 'AccessDenied')
    assert.equal(
      s3.json['message'],
      `${who} s3:Echo on resource: "arn:aws:s3:::echo/any" because no identity-based policy allows the s3:Echo action`,
    )
    const iam = await check({ credentials: weak, service: 'iam' }, 403, 'AccessDenied')
    assert.equal(
      iam.json['message'],
      `${who} iam:Echo on resource: arn:aws:iam:::echo/any because no identity-based policy allows the iam:Echo action`,
    )
  })

  it('records the closest statement, what differs, and the command that mends it', async () => {
    await check({ credentials: weak }, 403, 'AccessDenied')
    const record = gateway.audit.last
    const permissions = record?.links.find(({ link }) => link === 'permissions')
    assert.equal(permissions?.verdict, 'refused')
    const differing = permissions?.evidence.find(({ key }) => key === 'Resource')
    assert.equal(differing?.wanted, 'arn:aws:s3:::echo/weak')
    assert.equal(differing?.actual, 'arn:aws:s3:::echo/any')
    assert.match(permissions?.fix ?? '', /^aws iam put-user-policy --user-name weak .*s3:Echo/)
    assert.deepEqual([record?.action, record?.resource], ['s3:Echo', 'arn:aws:s3:::echo/any'])
  })

  it("nobody may read what the resource's own policy opens to all, and nothing else", async () => {
    const open = await send({ unsigned: true, path: '/public' })
    assert.deepEqual([open.status, open.json['caller']], [200, 'anonymous'])
    await check({ unsigned: true, path: '/any' }, 403, 'AccessDenied')
  })
})

describe('requests that could be read two ways', () => {
  it('a second Authorization, date or host is refused', async () => {
    for (const name of ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'host']) {
      assert.match(
        await raw(`GET / HTTP/1.1\r\nHost: a\r\n${name}: a\r\n${name}: b\r\n\r\n`),
        /^HTTP\/1.1 400/,
      )
    }
  })

  it('too many headers, too long a target, too large a head are refused', async () => {
    const headers = Array.from({ length: 200 }, (_, i) => `x-h${i}: v\r\n`).join('')
    assert.match(await raw(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`), /^HTTP\/1.1 400/)
    assert.match(
      await raw(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
      /^HTTP\/1.1 400/,
    )
    assert.match(
      await raw(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`),
      /^HTTP\/1.1 431/,
    )
  })

  it('what is no HTTP is refused, and the server lives on', async () => {
    assert.match(await raw('SSH-2.0-x\r\n\r\n'), /^HTTP\/1.1 400|^$/)
    assert.match(
      await raw(
        'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      ),
      /^HTTP\/1.1 400/,
    )
    assert.equal((await send({})).status, 200)
  })

  it('a service that is not here is named', async () => {
    const answer = await send({ service: 'dynamodb' })
    assert.equal(answer.status, 501)
    assert.match(answer.body, /dynamodb.* serves cloudtrail, eks, iam, s3/)
  })

  it('a bug is logged with its request id and answered as an internal error', async () => {
    errors.length = 0
    const answer = await check({ path: '/throw' }, 500, 'InternalError')
    assert.doesNotMatch(answer.body, /a bug|at /)
    assert.equal((errors[0] as { requestId: string }).requestId, answer.headers['x-amz-request-id'])
  })
})

function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1', () => socket.end(text))
    let answer = ''
    socket.on('data', (piece) => {
      answer += piece.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', () => resolve(answer))
  })
}
