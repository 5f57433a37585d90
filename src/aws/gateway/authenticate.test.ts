import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { presignQuery, type SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { type EchoGateway, inactive, type Sent, startEchoGateway } from './echo-gateway.testing.ts'
import { administrator, allowing } from './testing.ts'

let echo: EchoGateway
before(async () => {
  echo = await startEchoGateway()
})
after(() => echo[Symbol.asyncDispose]())

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
    expired: () => ({ credentials: echo.session(-1) }),
    token: () => ({ credentials: { ...echo.session(), sessionToken: 'AQFmb3JlaWdu' } }),
    skew: () => ({ at: echo.clock.now() - 20 * 60_000 }),
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
        const answer = await echo.check(sent, status, code)
        assert.ok(!answer.body.includes(administrator.secretAccessKey))
        assert.equal(echo.gateway.audit.last?.outcome, 'denied')
      })
    }
  }

  it('S3 says what it signed, so that a client can compare', async () => {
    const sent = { credentials: { ...administrator, secretAccessKey: 'wrong' } }
    const { json } = await echo.check(sent, 403, 'SignatureDoesNotMatch')
    assert.match(String(json['StringToSign']), /^AWS4-HMAC-SHA256\n/)
    assert.match(String(json['CanonicalRequest']), /^GET\n\/any\n/)
    assert.match(String(json['StringToSignBytes']), /^41 57 53 34/)
  })

  it('a temporary key without its token is refused', async () => {
    const { accessKeyId, secretAccessKey } = echo.session()
    await echo.check({ credentials: { accessKeyId, secretAccessKey } }, 400, 'InvalidToken')
  })

  it("another session's token does not fit", async () => {
    const { sessionToken = '' } = echo.session()
    await echo.check({ credentials: { ...echo.session(), sessionToken } }, 400, 'InvalidToken')
  })

  it('a session of a role that was deleted, or made anew, is refused at the next request', async () => {
    const credentials = echo.session()
    assert.equal((await echo.send({ credentials })).status, 200)
    const role = echo.identities.addRole('reader', [allowing('*')], { id: 'AROAANOTHER0000000000' })
    await echo.check({ credentials }, 403, 'InvalidAccessKeyId')
    echo.identities.roles.delete(role.arn)
    await echo.check({ credentials, service: 'iam' }, 403, 'InvalidClientTokenId')
    assert.match(echo.gateway.audit.last?.links[0]?.summary ?? '', /does not exist any more/)
  })

  it('an expired session is recorded with its bearer, and both times', async () => {
    await echo.check({ credentials: echo.session(-1) }, 400, 'ExpiredToken')
    const record = echo.gateway.audit.last
    assert.match(record?.caller.arn ?? '', /assumed-role\/reader\/one$/)
    const [session] = record?.links ?? []
    assert.deepEqual([session?.link, session?.verdict], ['session', 'refused'])
    assert.match(session?.evidence[0]?.wanted ?? '', /^a time before 2/)
  })

  it('one endpoint takes every region, unless it is told which are its own', async () => {
    assert.equal((await echo.send({ region: 'eu-west-1' })).status, 200)
    await using strict = await startEchoGateway({ regions: ['ap-northeast-1', 'us-east-1'] })
    assert.equal((await strict.send({ region: 'us-east-1' })).status, 200)
    const { json } = await strict.check(
      { region: 'eu-west-1' },
      400,
      'AuthorizationHeaderMalformed',
    )
    assert.match(
      String(json['message']),
      /the region 'eu-west-1' is wrong; expecting 'ap-northeast-1'$/,
    )
    assert.equal(json['Region'], 'ap-northeast-1')
    await strict.check({ region: 'eu-west-1', service: 'iam' }, 403, 'SignatureDoesNotMatch')
  })

  it('V2 headers are refused in S3 words', async () => {
    const sent = { unsigned: true, headers: { authorization: 'AWS AKIA:signature' } }
    await echo.check(sent, 400, 'InvalidRequest')
  })
})

describe('time', () => {
  it('S3 takes 15 minutes of skew, the others 5, both ways', async () => {
    const minutes = async (service: string, n: number) =>
      (await echo.send({ service, at: echo.clock.now() + n * 60_000 })).status
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
    const old = echo.session()
    const wall = echo.clock.now()
    echo.clock.advance(3_600_000)
    assert.equal((await echo.send({ at: wall })).status, 200)
    assert.equal((await echo.send({ at: echo.clock.now() })).status, 200)
    await echo.check({ at: wall, credentials: old }, 400, 'ExpiredToken')
    await echo.check({ at: wall + 1_800_000 }, 403, 'RequestTimeTooSkewed')
    echo.clock.advance(-3_600_000)
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
        headers: { host: `127.0.0.1:${echo.gateway.port}` },
        region: 'r',
        service: 's3',
        credentials,
        at,
        expiresSeconds,
      })
    const get = (query: string) => echo.send({ unsigned: true, query })
    assert.equal((await get(url(60, echo.clock.now()))).status, 200)
    const expired = await get(url(60, echo.clock.now() - 61_000))
    assert.deepEqual([expired.status, expired.json['message']], [403, 'Request has expired'])
    assert.equal(expired.json['X-Amz-Expires'], '60')
    const dead = await get(url(600, echo.clock.now(), echo.session(-1)))
    assert.deepEqual([dead.status, dead.json['code']], [400, 'ExpiredToken'])
    const zero = await get(url(0, echo.clock.now()))
    assert.deepEqual([zero.status, zero.json['code']], [400, 'AuthorizationQueryParametersError'])
  })
})
