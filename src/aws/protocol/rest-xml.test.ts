import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { Refusal } from '../operation.ts'
import { loadModel } from './load-model.ts'
import { parseRestXml, writeRestXml, writeRestXmlError } from './rest-xml.ts'
import { parseXml, XmlError } from './xml-reader.ts'

const model = loadModel('s3')
const labels = { Bucket: 'b', Key: 'k' }

function parse(
  operation: string,
  body: string,
  headers: Record<string, string> = {},
  rawQuery = '',
) {
  const request = { headers: new Map(Object.entries(headers)), rawQuery }
  return parseRestXml(model, operation, request, labels, { bytes: Buffer.from(body) })
}

test('a body is read with or without the namespace, flat lists included', () => {
  for (const xmlns of ['', ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"']) {
    const body =
      `<?xml version="1.0"?><Delete${xmlns}><Object><Key>a&amp;b</Key></Object>` +
      '<Object><Key>c d</Key><VersionId>v</VersionId></Object><Quiet> true </Quiet></Delete>'
    assert.deepEqual(parse('DeleteObjects', body), {
      Bucket: 'b',
      Delete: { Objects: [{ Key: 'a&b' }, { Key: 'c d', VersionId: 'v' }], Quiet: true },
    })
  }
})

test('XML that is no XML, has a document type, the wrong root or depth is MalformedXML', () => {
  const deep = `<Delete>${'<a>'.repeat(40)}${'</a>'.repeat(40)}</Delete>`
  for (const body of [
    '',
    'x',
    '<Delete>',
    '<Other/>',
    '<!DOCTYPE Delete [<!ENTITY e "x">]><Delete>&e;</Delete>',
    '<Delete>&e;</Delete>',
    '<Delete><Quiet>maybe</Quiet></Delete>',
    deep,
  ]) {
    assert.throws(
      () => parse('DeleteObjects', body),
      (error: unknown) => error instanceof Refusal && error.code === 'MalformedXML',
      body,
    )
  }
})

test('too many elements are refused before they are kept', () => {
  assert.throws(
    () => parseXml(Buffer.from(`<a>${'<b/>'.repeat(20)}</a>`), { depth: 5, elements: 10 }),
    XmlError,
  )
})

test('a query parameter that is no number is InvalidArgument with its name and value', () => {
  assert.throws(
    () => parse('ListObjectsV2', '', {}, 'list-type=2&max-keys=many'),
    (error: unknown) => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.code, 'InvalidArgument')
      assert.deepEqual(error.members, { ArgumentName: 'max-keys', ArgumentValue: 'many' })
      return true
    },
  )
})

test('a stream and its metadata headers reach the handler as they are', () => {
  const stream = Readable.from(['x'])
  const request = {
    headers: new Map([
      ['x-amz-meta-colour', 'blue'],
      ['content-type', 'text/plain'],
    ]),
    rawQuery: '',
  }
  const input = parseRestXml(model, 'PutObject', request, labels, { stream })
  assert.deepEqual(input, {
    Bucket: 'b',
    Key: 'k',
    ContentType: 'text/plain',
    Metadata: { colour: 'blue' },
    Body: stream,
  })
})

test('answers have S3 dates and roots, and the location stands in the root itself', () => {
  const created = new Date(Date.UTC(2026, 0, 1))
  const list = writeRestXml(model, 'ListBuckets', {
    Buckets: [{ Name: 'b', CreationDate: created }],
  })
  assert.equal(
    list.body,
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Bucket><Name>b</Name>' +
      '<CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>',
  )
  const location = writeRestXml(model, 'GetBucketLocation', { LocationConstraint: 'eu-west-1' })
  assert.match(String(location.body), /<LocationConstraint xmlns="[^"]+">eu-west-1<\/Loc/)
  const nothing = writeRestXml(model, 'DeleteBucket', undefined)
  assert.deepEqual(nothing, { status: 204, headers: {} })
})

test('errors carry their members in order, and HEAD has no body', () => {
  const error = {
    code: 'NoSuchKey',
    status: 404,
    message: 'The specified key does not exist.',
    members: { Key: 'a<b' },
  }
  const call = { requestId: 'R', hostId: 'H', method: 'GET' }
  assert.equal(
    writeRestXmlError(error, call).body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.' +
      '</Message><Key>a&lt;b</Key><RequestId>R</RequestId><HostId>H</HostId></Error>',
  )
  assert.equal(writeRestXmlError(error, { ...call, method: 'HEAD' }).body, undefined)
})
