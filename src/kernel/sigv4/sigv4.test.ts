import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatAmzDate, parseAmzDate } from './amz-date.ts'
import { type ClaimedSignature, claimedSignature } from './authorization.ts'
import type { SignableRequest } from './canonical-request.ts'
import { ChunkDecoder } from './chunks.ts'
import { claimedV2, signV2, verifyV2 } from './presigned-v2.ts'
import { presignQuery, signHeaders } from './sign.ts'
import { SigningKeys } from './signing-key.ts'
import { canonicalPathOnce, canonicalPathTwice, parseQuery } from './uri.ts'
import { unsignedHeaders, verifySignature } from './verify.ts'

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret/key' }
const at = Date.UTC(2026, 0, 31, 23, 59, 59)
const target = {
  method: 'POST',
  rawPath: '/',
  headers: { Host: 'sts.local:4566', 'Content-Type': 'text/plain' },
  region: 'ap-northeast-1',
  service: 'sts',
  credentials,
  at,
}

function received(
  headers: Record<string, string>,
  change: Partial<SignableRequest> = {},
): SignableRequest {
  return {
    method: 'POST',
    rawPath: '/',
    rawQuery: '',
    headers: new Map(Object.entries(headers)),
    ...change,
  }
}

function claimOf(request: SignableRequest): ClaimedSignature {
  const claim = claimedSignature(request, parseQuery(request.rawQuery))
  assert.ok(claim && !('problem' in claim), JSON.stringify(claim))
  return claim
}

function isValid(
  request: SignableRequest,
  body = '',
  secretAccessKey = credentials.secretAccessKey,
) {
  const payloadHash = hash('sha256', body, 'hex')
  const query = parseQuery(request.rawQuery)
  const keys = new SigningKeys()
  return verifySignature({
    request,
    query,
    claimed: claimOf(request),
    secretAccessKey,
    payloadHash,
    keys,
  }).valid
}

describe('signing and verifying', () => {
  it('verifies what it signed, whatever path, query and body', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    const segments = fc.array(text.map(encodeURIComponent), { maxLength: 4 })
    const pairs = fc.array(fc.tuple(text, text), { maxLength: 4 })
    fc.assert(
      fc.property(
        segments,
        pairs,
        text,
        fc.constantFrom('s3', 'iam'),
        (path, query, body, service) => {
          const rawPath = `/${path.join('/')}`
          const rawQuery = query
            .map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`)
            .join('&')
          const headers = signHeaders({ ...target, rawPath, rawQuery, service, body })
          return isValid(received(headers, { rawPath, rawQuery }), body)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('refuses a changed method, path, query, header, body or secret', () => {
    const headers = signHeaders({ ...target, rawQuery: 'a=1', body: 'x' })
    const same = { rawQuery: 'a=1' }
    assert.equal(isValid(received(headers, same), 'x'), true)
    assert.equal(isValid(received(headers, { ...same, method: 'GET' }), 'x'), false)
    assert.equal(isValid(received(headers, { ...same, rawPath: '/b' }), 'x'), false)
    assert.equal(isValid(received(headers, { rawQuery: 'a=2' }), 'x'), false)
    assert.equal(isValid(received({ ...headers, host: 'other' }, same), 'x'), false)
    assert.equal(isValid(received(headers, same), 'y'), false)
    assert.equal(isValid(received(headers, same), 'x', 'other'), false)
  })

  it('verifies presigned URLs, and refuses one with a parameter changed', () => {
    const { host = '' } = { host: 'sts.local:4566' }
    const rawQuery = presignQuery({
      ...target,
      method: 'GET',
      headers: { host },
      rawQuery: 'Action=GetCallerIdentity',
      expiresSeconds: 60,
    })
    const request = received({ host }, { method: 'GET', rawQuery })
    assert.equal(isValid(request), true)
    assert.equal(isValid({ ...request, rawQuery: rawQuery.replace('=60', '=600') }), false)
  })

  it('keeps every byte of a header value but the spaces around it', () => {
    // `à` ends in the byte A0, which some call a space.
    const bytes = Buffer.from('voilà').toString('latin1')
    const one = signHeaders({ ...target, headers: { host: 'h', 'x-amz-meta-a': bytes } })
    const other = signHeaders({
      ...target,
      headers: { host: 'h', 'x-amz-meta-a': bytes.slice(0, -1) },
    })
    assert.notEqual(one['authorization'], other['authorization'])
    const spaced = signHeaders({ ...target, headers: { host: 'h', 'x-amz-meta-a': ` ${bytes}\t` } })
    assert.equal(spaced['authorization'], one['authorization'])
  })

  it('names the headers that must be signed but are not', () => {
    const headers = new Map([
      ['host', 'h'],
      ['x-amz-target', 't'],
      ['accept', '*/*'],
    ])
    assert.deepEqual(unsignedHeaders(headers, ['accept']), ['host', 'x-amz-target'])
    assert.deepEqual(unsignedHeaders(headers, ['host', 'x-amz-target']), [])
  })

  it('forgets the oldest signing keys and never mixes two secrets', () => {
    const keys = new SigningKeys(2)
    const scope = { date: '20260101', region: 'r', service: 's' }
    const first = keys.get('one', scope)
    assert.equal(keys.get('one', scope), first)
    assert.equal(keys.get('two', scope).equals(first), false)
    keys.get('three', scope)
    assert.equal(keys.size, 2)
    assert.notEqual(keys.get('one', scope), first)
  })
})

describe('reading a signature', () => {
  const good = signHeaders(target)
  const authorization = good['authorization'] ?? ''

  function problemOf(headers: Record<string, string>, rawQuery = ''): string {
    const request = received({ ...good, ...headers }, { rawQuery })
    const claim = claimedSignature(request, parseQuery(rawQuery))
    return claim && 'problem' in claim ? claim.problem : 'none'
  }

  it('takes AWS4-HMAC-SHA256 only', () => {
    for (const scheme of [
      'AWS',
      'Bearer',
      'AWS4-HMAC-SHA1',
      'AWS4-ECDSA-P256-SHA256',
      'aws4-hmac-sha256',
    ]) {
      const header = authorization.replace('AWS4-HMAC-SHA256', scheme)
      assert.equal(problemOf({ authorization: header }), 'unsupported', scheme)
    }
  })

  it('refuses what lacks a part, has one twice, or has a scope of another form', () => {
    const bad = [
      authorization.replace(/Signature=\w+/, 'Signature='),
      authorization.replace(/, SignedHeaders=[^,]*/, ''),
      `${authorization}, Signature=00`,
      authorization.replace('/aws4_request', '/aws5_request'),
      authorization.replace('/sts/', '/'),
      authorization.replace('/20260131/', '/20260130/'),
      authorization.replace('/20260131/', '/2026013/'),
      authorization.replace('/ap-northeast-1/', '/AP NORTHEAST/'),
      authorization.replace('SignedHeaders=', 'SignedHeaders=host;'),
      authorization.replace('SignedHeaders=', 'SignedHeaders=Host;'),
      'AWS4-HMAC-SHA256',
      'AWS4-HMAC-SHA256 ,,,',
    ]
    for (const header of bad)
      assert.equal(problemOf({ authorization: header }), 'malformed', header)
  })

  it('refuses a header and a presigned query together, and broken dates', () => {
    assert.equal(problemOf({}, 'X-Amz-Algorithm=AWS4-HMAC-SHA256'), 'malformed')
    for (const date of [
      '20260131',
      '20260132T000000Z',
      '20260131T250000Z',
      'x',
      '20260131T235959Z,20260131T235959Z',
    ]) {
      assert.equal(problemOf({ 'x-amz-date': date }), 'malformed', date)
    }
  })

  it('refuses presigned queries that lack a part, repeat one, or live more than a week', () => {
    const query = presignQuery({ ...target, headers: { host: 'h' }, expiresSeconds: 60 })
    const check = (rawQuery: string): string => {
      const claim = claimedSignature(received({ host: 'h' }, { rawQuery }), parseQuery(rawQuery))
      return claim && 'problem' in claim ? claim.problem : 'none'
    }
    assert.equal(check(query), 'none')
    assert.equal(check(query.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801')), 'malformed')
    assert.equal(check(query.replace('X-Amz-Expires=60', 'X-Amz-Expires=-1')), 'malformed')
    assert.equal(check(query.replace('X-Amz-Expires=60&', '')), 'malformed')
    assert.equal(check(`${query}&X-Amz-Expires=70`), 'malformed')
    assert.equal(check(query.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')), 'unsupported')
  })
})

describe('canonical paths', () => {
  it("keeps S3's paths as they are, encoded once", () => {
    const cases: [string, string][] = [
      ['', '/'],
      ['/a//b/../c/.', '/a//b/../c/.'],
      ['/a%20b%2Bc', '/a%20b%2Bc'],
      ['/a+b', '/a%2Bb'],
      ['/%7euser', '/~user'],
      ['/%c3%bc', '/%C3%BC'],
      ['/100%', '/100%25'],
    ]
    for (const [given, expect] of cases) assert.equal(canonicalPathOnce(given), expect)
  })

  it('normalises and encodes twice elsewhere', () => {
    assert.equal(canonicalPathTwice('/clusters/a%20b'), '/clusters/a%2520b')
    assert.equal(canonicalPathTwice('/a/./b/../c//d/'), '/a/c/d/')
    assert.equal(canonicalPathTwice('/../..'), '/')
  })
})

describe('dates of signatures', () => {
  it('are written and read alike, as Date would have it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        const text = formatAmzDate(seconds * 1000)
        const iso = new Date(seconds * 1000).toISOString()
        return text === iso.replace(/[-:]|\.000/g, '') && parseAmzDate(text) === seconds * 1000
      }),
    )
  })
})

describe('aws-chunked bodies', () => {
  const body = '5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'
  const form = { trailers: ['x-amz-checksum-crc32'], decodedLength: 11 }

  function decode(text: string, pieceBytes: number, changed: Partial<typeof form> = {}): string {
    const decoder = new ChunkDecoder({ ...form, ...changed })
    const bytes = Buffer.from(text)
    let payload = ''
    for (let i = 0; i < bytes.length; i += pieceBytes) {
      const pieces = decoder.push(bytes.subarray(i, i + pieceBytes))
      if (typeof pieces === 'string') return pieces
      for (const piece of pieces) payload += piece.toString()
    }
    return decoder.end() ?? payload
  }

  it('decode to the same payload however the network cuts them', () => {
    for (let pieceBytes = 1; pieceBytes <= body.length; pieceBytes++) {
      assert.equal(decode(body, pieceBytes), 'hello world')
    }
  })

  it('take one empty line more before the trailer', () => {
    assert.equal(decode(body.replace('0\r\n', '0\r\n\r\n'), 7), 'hello world')
  })

  it('are refused when cut short, too long, malformed or with another trailer', () => {
    assert.equal(decode(body.slice(0, 20), 9), 'incomplete')
    assert.equal(decode(body, 9, { decodedLength: 12 }), 'incomplete')
    assert.equal(decode(body, 9, { decodedLength: 10 }), 'incomplete')
    assert.equal(decode(body.replace('5\r\n', 'g\r\n'), 9), 'malformed')
    assert.equal(decode(body.replace('hello', 'hello!'), 9), 'malformed')
    assert.equal(decode(`${'0'.repeat(2000)}`, 100), 'malformed')
    assert.equal(decode(body.replace('crc32', 'sha1'), 9), 'malformed-trailer')
    assert.equal(decode(body.replace(/x-amz.*\r\n/, ''), 9), 'malformed-trailer')
    assert.equal(decode('b\r\nhello world\r\n0\r\n\r\n', 5, { trailers: [] }), 'hello world')
  })
})

describe('presigned URLs of Signature V2', () => {
  it('verify, and refuse another resource or a longer life', () => {
    const text = 'GET\n\n\n1700000000\n/bucket/key?uploads'
    const signature = signV2(text, credentials.secretAccessKey)
    const check = (rawPath: string, expires: number): boolean => {
      const rawQuery = `AWSAccessKeyId=AK&Expires=${expires}&Signature=${encodeURIComponent(signature)}&uploads`
      const query = parseQuery(rawQuery)
      const claimed = claimedV2(query)
      assert.ok(claimed && claimed !== 'malformed')
      const request = received({ host: 'h' }, { method: 'GET', rawPath, rawQuery })
      return verifyV2(request, query, claimed, credentials.secretAccessKey).valid
    }
    assert.equal(check('/bucket/key', 1_700_000_000), true)
    assert.equal(check('/bucket/other', 1_700_000_000), false)
    assert.equal(check('/bucket/key', 1_800_000_000), false)
    assert.equal(claimedV2(parseQuery('AWSAccessKeyId=AK&Expires=x&Signature=s')), 'malformed')
    assert.equal(claimedV2(parseQuery('a=b')), undefined)
  })
})
