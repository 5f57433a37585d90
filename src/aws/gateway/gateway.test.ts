import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type EchoGateway, startEchoGateway, weak } from './echo-gateway.testing.ts'
import { testAccount } from './testing.ts'

let echo: EchoGateway
before(async () => {
  echo = await startEchoGateway()
})
after(() => echo[Symbol.asyncDispose]())

describe('bodies', () => {
  it('a tampered body is found out, buffered or streamed, signed by hash or by itself', async () => {
    await echo.check(
      { method: 'POST', body: 'one', sentBody: 'two' },
      400,
      'XAmzContentSHA256Mismatch',
    )
    await echo.check(
      { method: 'PUT', body: 'one', sentBody: 'two' },
      400,
      'XAmzContentSHA256Mismatch',
    )
    await echo.check(
      { method: 'POST', body: 'one', sentBody: 'two', service: 'iam' },
      403,
      'SignatureDoesNotMatch',
    )
  })

  it('an unsigned payload is taken where the client says so', async () => {
    const answer = await echo.send({
      method: 'PUT',
      payloadHash: 'UNSIGNED-PAYLOAD',
      sentBody: 'free',
    })
    assert.deepEqual([answer.status, answer.json['body']], [200, 'free'])
  })

  it('S3 wants x-amz-content-sha256, in one of its forms', async () => {
    await echo.check({ payloadHash: 'abc' }, 400, 'AuthorizationHeaderMalformed')
    await echo.check(
      { payloadHash: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' },
      501,
      'NotImplemented',
    )
    const chunked = {
      method: 'PUT',
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      sentBody: '0\r\n\r\n',
    }
    await echo.check(chunked, 411, 'MissingContentLength')
  })

  it('chunks with a trailer are decoded; a cut one is refused', async () => {
    const headers = { 'x-amz-decoded-content-length': '3', 'x-amz-trailer': 'x-amz-checksum-crc32' }
    const sent = { method: 'PUT', payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers }
    const whole = '3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n'
    const answer = await echo.send({ ...sent, sentBody: whole })
    assert.equal(answer.json['body'], 'abc')
    assert.deepEqual(answer.json['trailers'], { 'x-amz-checksum-crc32': 'NSRBwg==' })
    await echo.check({ ...sent, sentBody: '3\r\nab' }, 400, 'IncompleteBody')
    await echo.check(
      { ...sent, sentBody: whole.replace('crc32', 'other') },
      400,
      'MalformedTrailerError',
    )
  })

  it('more than an operation takes is refused before it is read', async () => {
    const body = 'x'.repeat(1001)
    await echo.check({ method: 'POST', body }, 400, 'MaxMessageLengthExceeded')
    await echo.check({ method: 'POST', body, service: 'iam' }, 400, 'MaxMessageLengthExceeded')
  })

  it('Expect: 100-continue is answered after authorisation, and not at all on a refusal', async () => {
    const sent = { method: 'PUT', body: 'later', headers: { expect: '100-continue' } }
    const good = await echo.send(sent)
    assert.deepEqual([good.status, good.continued, good.json['body']], [200, true, 'later'])
    const denied = await echo.send({ ...sent, credentials: weak })
    assert.deepEqual([denied.status, denied.continued], [403, false])
    assert.equal(denied.headers['connection'], 'close')
  })

  it('a HEAD is answered without a body, also in error', async () => {
    const good = await echo.send({ method: 'HEAD' })
    assert.deepEqual([good.status, good.body, good.headers['x-path']], [200, '', '/any'])
    const denied = await echo.send({ method: 'HEAD', credentials: weak })
    assert.deepEqual([denied.status, denied.body], [403, ''])
  })
})

describe('authorisation', () => {
  it("denies in AWS's words; S3 puts the resource in quotes", async () => {
    const who = `User: arn:aws:iam::${testAccount}:user/weak is not authorized to perform:`
    const s3 = await echo.check({ credentials: weak }, 403, 'AccessDenied')
    assert.equal(
      s3.json['message'],
      `${who} s3:Echo on resource: "arn:aws:s3:::echo/any" because no identity-based policy allows the s3:Echo action`,
    )
    const iam = await echo.check({ credentials: weak, service: 'iam' }, 403, 'AccessDenied')
    assert.equal(
      iam.json['message'],
      `${who} iam:Echo on resource: arn:aws:iam:::echo/any because no identity-based policy allows the iam:Echo action`,
    )
  })

  it('records the closest statement, what differs, and the command that mends it', async () => {
    await echo.check({ credentials: weak }, 403, 'AccessDenied')
    const record = echo.gateway.audit.last
    const permissions = record?.links.find(({ link }) => link === 'permissions')
    assert.equal(permissions?.verdict, 'refused')
    const differing = permissions?.evidence.find(({ key }) => key === 'Resource')
    assert.equal(differing?.wanted, 'arn:aws:s3:::echo/weak')
    assert.equal(differing?.actual, 'arn:aws:s3:::echo/any')
    assert.match(permissions?.fix ?? '', /^aws iam put-user-policy --user-name weak .*s3:Echo/)
    assert.deepEqual([record?.action, record?.resource], ['s3:Echo', 'arn:aws:s3:::echo/any'])
  })

  it("nobody may read what the resource's own policy opens to all, and nothing else", async () => {
    const open = await echo.send({ unsigned: true, path: '/public' })
    assert.deepEqual([open.status, open.json['caller']], [200, 'anonymous'])
    await echo.check({ unsigned: true, path: '/any' }, 403, 'AccessDenied')
  })
})

describe('requests that could be read two ways', () => {
  it('a second Authorization, date or host is refused', async () => {
    for (const name of ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'host']) {
      assert.match(
        await echo.raw(`GET / HTTP/1.1\r\nHost: a\r\n${name}: a\r\n${name}: b\r\n\r\n`),
        /^HTTP\/1.1 400/,
      )
    }
  })

  it('too many headers, too long a target, too large a head are refused', async () => {
    const headers = Array.from({ length: 200 }, (_, i) => `x-h${i}: v\r\n`).join('')
    assert.match(await echo.raw(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`), /^HTTP\/1.1 400/)
    assert.match(
      await echo.raw(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
      /^HTTP\/1.1 400/,
    )
    assert.match(
      await echo.raw(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`),
      /^HTTP\/1.1 431/,
    )
  })

  it('what is no HTTP is refused, and the server lives on', async () => {
    assert.match(await echo.raw('SSH-2.0-x\r\n\r\n'), /^HTTP\/1.1 400|^$/)
    assert.match(
      await echo.raw(
        'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      ),
      /^HTTP\/1.1 400/,
    )
    assert.equal((await echo.send({})).status, 200)
  })

  it('a service that is not here is named', async () => {
    const answer = await echo.send({ service: 'dynamodb' })
    assert.equal(answer.status, 501)
    assert.match(answer.body, /dynamodb.* serves cloudtrail, eks, iam, s3/)
  })

  it('a bug is logged with its request id and answered as an internal error', async () => {
    echo.errors.length = 0
    const answer = await echo.check({ path: '/throw' }, 500, 'InternalError')
    assert.doesNotMatch(answer.body, /a bug|at /)
    assert.equal(
      (echo.errors[0] as { requestId: string }).requestId,
      answer.headers['x-amz-request-id'],
    )
  })
})
