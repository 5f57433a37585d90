import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startTestS3, type TestS3 } from './testing.ts'

async function withKeys(t: TestContext, ...keys: string[]): Promise<TestS3> {
  const s3 = await startTestS3(t)
  await s3.send('PUT', '/bkt')
  await Promise.all(
    keys.map((key) => s3.send('PUT', `/bkt/${encodeURIComponent(key)}`, { body: key })),
  )
  return s3
}

function texts(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(
    ([, text = '']) => text,
  )
}

test('ListObjectsV2 pages by token and counts prefixes as keys', async (t) => {
  const s3 = await withKeys(t, 'a', 'b/1', 'b/2', 'c', 'd/1')
  const seen: string[] = []
  let token: string | undefined
  do {
    const more = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`
    const page = await s3.send('GET', `/bkt?list-type=2&delimiter=/&max-keys=2${more}`)
    assert.equal(page.status, 200, page.text)
    const found = [
      ...texts(page.text, 'Key'),
      ...texts(page.text.replace(/<Prefix><\/Prefix>/, ''), 'Prefix'),
    ]
    assert.equal(page.element('KeyCount'), String(found.length))
    seen.push(...found)
    token = page.element('NextContinuationToken')
    assert.equal(page.element('IsTruncated'), String(token !== undefined))
  } while (token !== undefined)
  assert.deepEqual(seen, ['a', 'b/', 'c', 'd/'])
})

test('parameters of lists are checked', async (t) => {
  const s3 = await withKeys(t, 'a', 'b')
  const list = (query: string) => s3.send('GET', `/bkt?list-type=2&${query}`)
  assert.equal((await list('max-keys=x')).code, 'InvalidArgument')
  assert.equal((await list('continuation-token=x')).code, 'InvalidArgument')
  assert.equal((await list('encoding-type=x')).code, 'InvalidArgument')
  assert.equal((await list('max-keys=5000')).element('MaxKeys'), '1000')
  const none = await list('max-keys=0')
  assert.deepEqual([texts(none.text, 'Key'), none.element('IsTruncated')], [[], 'false'])
  assert.deepEqual(texts((await list('start-after=a')).text, 'Key'), ['b'])
  assert.equal((await list('fetch-owner=true')).text.match(/<Owner>/g)?.length, 2)
})

test('keys are escaped, or encoded where asked', async (t) => {
  const s3 = await withKeys(t, 'a b/<&>"\u0001ü')
  const plain = await s3.send('GET', '/bkt?list-type=2')
  assert.deepEqual(texts(plain.text, 'Key'), ['a b/&lt;&amp;&gt;&quot;&#x1;ü'])
  const encoded = await s3.send('GET', '/bkt?list-type=2&encoding-type=url')
  assert.deepEqual(texts(encoded.text, 'Key'), ['a+b/%3C%26%3E%22%01%C3%BC'])
})

test('ListObjects names the next marker only with a delimiter', async (t) => {
  const s3 = await withKeys(t, 'a/1', 'a/2', 'b', 'c')
  const plain = await s3.send('GET', '/bkt?max-keys=2&delimiter=')
  const seen = [texts(plain.text, 'Key'), plain.element('NextMarker'), plain.element('IsTruncated')]
  assert.deepEqual(seen, [['a/1', 'a/2'], undefined, 'true'])
  assert.equal(plain.text.match(/<Owner>/g)?.length, 2)
  const rolled = await s3.send('GET', '/bkt?max-keys=1&delimiter=/')
  assert.equal(rolled.element('NextMarker'), 'a/')
  const next = await s3.send('GET', '/bkt?delimiter=/&marker=a/')
  assert.deepEqual(texts(next.text, 'Key'), ['b', 'c'])
  assert.doesNotMatch(next.text, /CommonPrefixes/)
})

test('ListObjectVersions of a bucket without versions shows null ones', async (t) => {
  const s3 = await withKeys(t, 'a', 'b')
  const list = await s3.send('GET', '/bkt?versions&max-keys=1')
  const seen = ['VersionId', 'IsLatest', 'NextKeyMarker'].map((name) => list.element(name))
  assert.deepEqual(seen, ['null', 'true', 'a'])
  const next = list.element('NextVersionIdMarker')
  const rest = await s3.send('GET', `/bkt?versions&key-marker=a&version-id-marker=${next}`)
  assert.deepEqual(texts(rest.text, 'Key'), ['b'])
  const alone = await s3.send('GET', '/bkt?versions&version-id-marker=null')
  assert.equal(alone.code, 'InvalidArgument')
})

test('ListBuckets pages, and filters by prefix', async (t) => {
  const s3 = await withKeys(t)
  for (const name of ['one', 'two', 'twofold']) await s3.send('PUT', `/${name}`)
  const page = await s3.send('GET', '/?max-buckets=2')
  assert.deepEqual(texts(page.text, 'Name'), ['bkt', 'one'])
  const token = page.element('ContinuationToken')
  const rest = await s3.send('GET', `/?continuation-token=${token}`)
  assert.deepEqual(texts(rest.text, 'Name'), ['two', 'twofold'])
  assert.deepEqual(texts((await s3.send('GET', '/?prefix=two')).text, 'Name'), ['two', 'twofold'])
  assert.equal(rest.element('BucketRegion'), 'ap-northeast-1')
})
