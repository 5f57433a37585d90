import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as eks from '@aws-sdk/client-eks'
import * as iam from '@aws-sdk/client-iam'
import * as s3 from '@aws-sdk/client-s3'
import * as sts from '@aws-sdk/client-sts'
import type { AwsResponse } from '../operation.ts'
import { loadModel } from './load-model.ts'
import type { ServiceModel } from './model.ts'
import { structureOf } from './model.ts'
import { parseQuery, writeQuery } from './query.ts'
import { randomStructure, seeded, tidy } from './random-value.testing.ts'
import { parseRestJson, writeRestJson } from './rest-json.ts'
import { parseRestXml, writeRestXml } from './rest-xml.ts'
import { createRouter } from './route.ts'
import type { Values } from './scalar.ts'

/** What a client sent, as the SDK's request handler sees it. */
interface Sent {
  method: string
  path: string
  query: Record<string, string | string[] | null>
  headers: Record<string, string>
  body?: string | Uint8Array
}

type ClientClass = new (
  options: object,
) => {
  send(command: never): Promise<Values>
}

const rounds = 3

/** Sends `input` by the real client to a handler that parses it and answers `output`; returns both as they arrived. */
async function exchange(
  sdk: Readonly<Record<string, unknown>>,
  clientName: string,
  operation: string,
  input: Values,
  serve: (sent: Sent, rawQuery: string) => { parsed: Values; response: AwsResponse },
): Promise<{ parsed: Values; received: Values }> {
  let parsed: Values | undefined
  const Client = sdk[clientName] as ClientClass
  const client = new Client({
    region: 'ap-northeast-1',
    endpoint: 'http://localhost:1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' },
    requestHandler: {
      handle: async (sent: Sent) => {
        const served = serve(sent, rawQueryOf(sent.query))
        parsed = served.parsed
        const { status, headers, body } = served.response
        const stream = Readable.from(body === undefined ? [] : [Buffer.from(body as string)])
        return { response: { statusCode: status, headers, body: stream } }
      },
    },
  })
  const Command = sdk[`${operation}Command`] as new (input: Values) => never
  const { $metadata: _, ...received } = await client.send(new Command(input))
  assert.ok(parsed)
  return { parsed, received }
}

function rawQueryOf(query: Sent['query']): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) params.append(name, one)
  }
  return params.toString()
}

function bytesOf(body: Sent['body']): Uint8Array {
  if (body === undefined || typeof body === 'string') return Buffer.from(body ?? '')
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

function headersOf(sent: Sent): Map<string, string> {
  return new Map(Object.entries(sent.headers).map(([k, v]) => [k.toLowerCase(), v]))
}

/** Random values for both ways of one operation; streams are left to their own test. */
function values(model: ServiceModel, operation: string, round: number): [Values, Values] {
  const { input, output } = model.operations[operation] ?? {}
  const random = seeded(round * 7_919 + operation.length)
  const given = input ? randomStructure(model, input, random) : {}
  if (model.service === 's3') {
    if ('Bucket' in given) given['Bucket'] = 'bucket'
    for (const key of Object.keys(given))
      if (/SSECustomerKey|^ChecksumAlgorithm/.test(key)) delete given[key]
  }
  return [given, output ? randomStructure(model, output, random) : {}]
}

async function checkAll(
  model: ServiceModel,
  operations: readonly string[],
  sdk: Readonly<Record<string, unknown>>,
  clientName: string,
  serve: (
    operation: string,
    output: Values,
    sent: Sent,
    rawQuery: string,
  ) => {
    parsed: Values
    response: AwsResponse
  },
): Promise<void> {
  for (const operation of operations) {
    for (let round = 0; round < rounds; round++) {
      const [input, output] = values(model, operation, round)
      const { parsed, received } = await exchange(sdk, clientName, operation, input, (sent, raw) =>
        serve(operation, output, sent, raw),
      )
      const name = model.operations[operation]?.input
      for (const key of Object.keys(parsed)) {
        // The client fills idempotency tokens in, and S3's headers that every request has.
        if (!(key in input) && /token|Content(Length|Type|MD5)|Checksum/i.test(key))
          delete parsed[key]
      }
      assert.deepEqual(tidy(parsed), tidy(input), `${operation} (${name}) as it arrives`)
      for (const side of [received, output]) delete side['ExpiresString'] // the client's own
      assert.deepEqual(tidy(received), tidy(output), `${operation} as it is answered`)
    }
  }
}

for (const [service, sdk, client] of [
  ['sts', sts, 'STSClient'],
  ['iam', iam, 'IAMClient'],
] as const) {
  test(`every ${service} operation is read and answered as AWS's own client means it`, async () => {
    const model = loadModel(service)
    await checkAll(model, Object.keys(model.operations), sdk, client, (operation, output, sent) => {
      const form = new URLSearchParams(String(sent.body))
      assert.equal(form.get('Action'), operation)
      assert.equal(form.get('Version'), model.version)
      return {
        parsed: parseQuery(model, operation, form),
        response: writeQuery(model, operation, output, 'request-id'),
      }
    })
  })
}

test("every eks operation is routed, read and answered as AWS's own client means it", async () => {
  const model = loadModel('eks')
  const route = createRouter(model)
  await checkAll(
    model,
    Object.keys(model.operations),
    eks,
    'EKSClient',
    (name, output, sent, raw) => {
      const routed = route(sent.method, sent.path, raw)
      assert.equal(routed?.operation, name)
      const request = { headers: headersOf(sent), rawQuery: raw }
      const body = bytesOf(sent.body)
      return {
        parsed: parseRestJson(model, name, request, routed.labels, body),
        response: writeRestJson(model, name, output),
      }
    },
  )
})

test("s3 operations without streams are read and answered as AWS's own client means it", async () => {
  const model = loadModel('s3')
  const operations = Object.keys(model.operations).filter((name) => !isSpecial(model, name))
  assert.ok(operations.length > 90, `${operations.length}`)
  await checkAll(model, operations, s3, 'S3Client', (name, output, sent, raw) => {
    const [, bucket = '', ...key] = sent.path.split('/')
    const labels: Record<string, string> = { Bucket: decodeURIComponent(bucket) }
    if (key.join('/') !== '') labels['Key'] = decodeURIComponent(key.join('/'))
    const request = { headers: headersOf(sent), rawQuery: raw }
    return {
      parsed: parseRestXml(model, name, request, labels, { bytes: bytesOf(sent.body) }),
      response: writeRestXml(model, name, output),
    }
  })
})

/** Streams, and what the JS client itself changes on the way (copy sources, session, SSE keys). */
function isSpecial(model: ServiceModel, name: string): boolean {
  const { input, output } = model.operations[name] ?? {}
  const streams = [input, output].some((shape) => {
    return (
      shape && Object.values(structureOf(model, shape).members).some((m) => m.shape === 'Stream')
    )
  })
  return streams || /CreateSession|SelectObjectContent/.test(name)
}
