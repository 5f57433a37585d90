import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parseAmzDate } from './amz-date.ts'
import { canonicalRequest, stringToSign } from './canonical-request.ts'
import { ChunkDecoder, chunkSignature } from './chunks.ts'
import { presignQuery } from './sign.ts'
import { deriveSigningKey, scopeText, signatureOf } from './signing-key.ts'
import { parseQuery } from './uri.ts'

interface Signed {
  method: string
  path: string
  query: string
  headers: Record<string, string>
  signedHeaders: string
}

function vectors<T>(name: string): T[] {
  return JSON.parse(
    readFileSync(`${import.meta.dirname}/../../../vectors/sigv4/${name}.json`, 'utf8'),
  )
}

function scopeOf(text: string) {
  const [date = '', region = '', service = ''] = text.split('/')
  return { date, region, service }
}

function signatureFor(secret: string, scope: string, given: Signed, payloadHash: string): string {
  const request = {
    method: given.method,
    rawPath: given.path,
    rawQuery: given.query,
    headers: new Map(Object.entries(given.headers)),
  }
  const parts = scopeOf(scope)
  const names = given.signedHeaders.split(';')
  const canonical = canonicalRequest(
    request,
    parseQuery(given.query),
    names,
    payloadHash,
    parts.service,
  )
  const text = stringToSign(given.headers['x-amz-date'] ?? '', scopeText(parts), canonical)
  return signatureOf(deriveSigningKey(secret, parts), text)
}

describe("AWS's published vectors", () => {
  for (const { name, source, credentials, scope, given, expect } of vectors<{
    name: string
    source: string
    credentials: { secretAccessKey: string }
    scope: string
    given: Signed & { body: string }
    expect: { signature: string }
  }>('requests')) {
    it(`${name} is signed as in: ${source}`, () => {
      const payloadHash = hash('sha256', given.body, 'hex')
      assert.equal(
        signatureFor(credentials.secretAccessKey, scope, given, payloadHash),
        expect.signature,
      )
    })
  }

  for (const { name, credentials, given, expect } of vectors<{
    name: string
    credentials: { accessKeyId: string; secretAccessKey: string }
    given: {
      method: string
      path: string
      headers: Record<string, string>
      region: string
      service: string
      amzDate: string
      expiresSeconds: number
    }
    expect: { query: string }
  }>('presigned')) {
    it(`${name} gives the published URL`, () => {
      const at = parseAmzDate(given.amzDate) ?? 0
      assert.equal(presignQuery({ ...given, rawPath: given.path, credentials, at }), expect.query)
    })
  }

  for (const vector of vectors<ChunkedVector>('chunked')) {
    it(`${vector.name} chain as published, and decode`, () => checkChunks(vector))
  }
})

interface ChunkedVector {
  name: string
  credentials: { secretAccessKey: string }
  scope: string
  amzDate: string
  given: { seed: Signed; letter: string; chunkBytes: number[]; trailers: Record<string, string> }
  expect: { seedSignature: string; chunkSignatures: string[]; trailerSignature?: string }
}

function checkChunks({ credentials, scope, amzDate, given, expect }: ChunkedVector): void {
  const payloadHash = given.seed.headers['x-amz-content-sha256'] ?? ''
  const seedSignature = signatureFor(credentials.secretAccessKey, scope, given.seed, payloadHash)
  assert.equal(seedSignature, expect.seedSignature)
  const key = deriveSigningKey(credentials.secretAccessKey, scopeOf(scope))
  const signing = { key, amzDate, scope: `${scope}/aws4_request`, seedSignature }
  let previous = seedSignature
  let body = ''
  for (const [i, bytes] of given.chunkBytes.entries()) {
    const chunk = given.letter.repeat(bytes)
    previous = chunkSignature(signing, previous, Buffer.from(chunk))
    assert.equal(previous, expect.chunkSignatures[i])
    body += `${bytes.toString(16)};chunk-signature=${previous}\r\n${chunk}${bytes > 0 ? '\r\n' : ''}`
  }
  const trailers = Object.entries(given.trailers)
  for (const [name, value] of trailers) body += `${name}:${value}\r\n`
  if (expect.trailerSignature) body += `x-amz-trailer-signature:${expect.trailerSignature}\r\n`
  body += '\r\n'
  const decodedLength = given.chunkBytes.reduce((sum, bytes) => sum + bytes, 0)
  const decoder = new ChunkDecoder({
    signing,
    trailers: trailers.map(([name]) => name),
    decodedLength,
  })
  const payload = decoder.push(Buffer.from(body))
  assert.ok(Array.isArray(payload), String(payload))
  assert.equal(decoder.end(), undefined)
  assert.equal(Buffer.concat(payload as Buffer[]).toString(), given.letter.repeat(decodedLength))
  assert.deepEqual([...decoder.trailers], trailers)
}
