import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startTestS3, type TestS3 } from './testing.ts'

async function withBucket(t: TestContext): Promise<TestS3> {
  const s3 = await startTestS3(t)
  assert.equal((await s3.send('PUT', '/bkt')).status, 200)
  return s3
}

test('what was never set on a bucket is absent or empty, as AWS has it', async (t) => {
  const s3 = await withBucket(t)
  const absent: Record<string, string> = {
    policy: 'NoSuchBucketPolicy',
    policyStatus: 'NoSuchBucketPolicy',
    cors: 'NoSuchCORSConfiguration',
    website: 'NoSuchWebsiteConfiguration',
    lifecycle: 'NoSuchLifecycleConfiguration',
    replication: 'ReplicationConfigurationNotFoundError',
    'object-lock': 'ObjectLockConfigurationNotFoundError',
    tagging: 'NoSuchTagSet',
  }
  for (const [sub, code] of Object.entries(absent)) {
    const { status, code: given } = await s3.send('GET', `/bkt?${sub}`)
    assert.deepEqual([status, given], [404, code], sub)
  }
  const present: Record<string, RegExp> = {
    location: /<LocationConstraint[^>]*>ap-northeast-1</,
    versioning: /<VersioningConfiguration[^>]*><\//,
    accelerate: /<AccelerateConfiguration/,
    logging: /<BucketLoggingStatus/,
    notification: /<NotificationConfiguration/,
    requestPayment: /<Payer>BucketOwner</,
    encryption: /<SSEAlgorithm>AES256</,
    acl: /<Permission>FULL_CONTROL</,
    publicAccessBlock: /<RestrictPublicBuckets>true</,
    ownershipControls: /<ObjectOwnership>BucketOwnerEnforced</,
  }
  for (const [sub, pattern] of Object.entries(present)) {
    const { status, text } = await s3.send('GET', `/bkt?${sub}`)
    assert.equal(status, 200, sub)
    assert.match(text, pattern)
  }
})

test('a setting is given back as it was put, until it is deleted', async (t) => {
  const s3 = await withBucket(t)
  const documents: Record<string, [body: string, gone: string]> = {
    cors: [
      '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>',
      'NoSuchCORSConfiguration',
    ],
    lifecycle: [
      '<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix>a&amp;b/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
      'NoSuchLifecycleConfiguration',
    ],
    tagging: [
      '<Tagging><TagSet><Tag><Key>a</Key><Value>1 = 1</Value></Tag></TagSet></Tagging>',
      'NoSuchTagSet',
    ],
    website: [
      '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>',
      'NoSuchWebsiteConfiguration',
    ],
    ownershipControls: [
      '<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>',
      'OwnershipControlsNotFoundError',
    ],
    publicAccessBlock: [
      '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>',
      'NoSuchPublicAccessBlockConfiguration',
    ],
  }
  for (const [sub, [body, gone]] of Object.entries(documents)) {
    const put = await s3.send('PUT', `/bkt?${sub}`, { body, md5: true })
    assert.ok(put.status === 200 || put.status === 204, `${sub} ${put.text}`)
    const got = await s3.send('GET', `/bkt?${sub}`)
    assert.equal(got.text.replace(/^<\?xml.*\n/, '').replace(/ xmlns="[^"]*"/, ''), body)
    assert.equal((await s3.send('DELETE', `/bkt?${sub}`)).status, 204)
    assert.equal((await s3.send('GET', `/bkt?${sub}`)).code, gone)
    const broken = await s3.send('PUT', `/bkt?${sub}`, { body: '<Broken>', md5: true })
    assert.deepEqual([broken.status, broken.code], [400, 'MalformedXML'], sub)
  }
})

test('names that S3 does not take are refused', async (t) => {
  const s3 = await withBucket(t)
  for (const name of ['ab', 'Upper', 'a..b', '-ab', '192.168.1.1', 'xn--abc', 'abc-s3alias']) {
    assert.equal((await s3.send('PUT', `/${name}`)).code, 'InvalidBucketName', name)
  }
})

test('a bucket lies where its creator says', async (t) => {
  const s3 = await withBucket(t)
  const body = (region: string) =>
    `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
  await s3.send('PUT', '/west', { body: body('eu-west-1') })
  const head = await s3.send('HEAD', '/west')
  assert.equal(head.headers['x-amz-bucket-region'], 'eu-west-1')
  await s3.send('PUT', '/east', { body: body('us-east-1') })
  assert.match((await s3.send('GET', '/east?location')).text, /<LocationConstraint[^>]*><\//)
  assert.equal((await s3.send('PUT', '/east', { body: body('us-east-1') })).status, 200)
  const nonsense = await s3.send('PUT', '/some', { body: body('no where') })
  assert.equal(nonsense.code, 'InvalidLocationConstraint')
})

test('ACLs that give others anything are refused while the owner owns all', async (t) => {
  const s3 = await withBucket(t)
  const put = (acl: string) => s3.send('PUT', '/bkt/k', { body: '', headers: { 'x-amz-acl': acl } })
  assert.equal((await put('private')).status, 200)
  assert.equal((await put('bucket-owner-full-control')).status, 200)
  assert.equal((await put('public-read')).code, 'AccessControlListNotSupported')
  assert.equal((await put('nonsense')).code, 'InvalidArgument')
  assert.match((await s3.send('GET', '/bkt/k?acl')).text, /<Permission>FULL_CONTROL</)
})

test('object tags are counted and checked', async (t) => {
  const s3 = await withBucket(t)
  await s3.send('PUT', '/bkt/k', { body: '' })
  const tag = (key: string) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`
  const put = (...keys: string[]) =>
    s3.send('PUT', '/bkt/k?tagging', {
      body: `<Tagging><TagSet>${keys.map(tag).join('')}</TagSet></Tagging>`,
      md5: true,
    })
  assert.match((await s3.send('GET', '/bkt/k?tagging')).text, /<TagSet><\/TagSet>/)
  assert.equal((await put('a', 'b')).status, 200)
  assert.equal((await s3.send('HEAD', '/bkt/k')).headers['x-amz-tagging-count'], '2')
  assert.equal((await put('a', 'a')).code, 'InvalidTag')
  assert.equal((await put('aws:x')).code, 'InvalidTag')
  assert.equal((await put(...Array.from({ length: 11 }, (_, n) => `t${n}`))).code, 'BadRequest')
  assert.equal((await s3.send('DELETE', '/bkt/k?tagging')).status, 204)
})

test('a browser is told which origins may', async (t) => {
  const s3 = await withBucket(t)
  const ask = (origin: string, method: string) =>
    s3.send('OPTIONS', '/bkt/k', {
      credentials: 'none',
      headers: { origin, 'access-control-request-method': method },
    })
  assert.equal((await ask('https://a.example', 'GET')).code, 'AccessForbidden')
  const body =
    '<CORSConfiguration><CORSRule><AllowedMethod>PUT</AllowedMethod><AllowedOrigin>https://*.example</AllowedOrigin><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>'
  await s3.send('PUT', '/bkt?cors', { body, md5: true })
  const allowed = await ask('https://a.example', 'PUT')
  const seen = [allowed.status, allowed.headers['access-control-allow-origin']]
  assert.deepEqual(seen, [200, 'https://a.example'])
  assert.equal((await ask('https://a.other', 'PUT')).status, 403)
  assert.equal((await ask('https://a.example', 'DELETE')).status, 403)
  const put = await s3.send('PUT', '/bkt/k', { body: '', headers: { origin: 'https://b.example' } })
  assert.equal(put.headers['access-control-expose-headers'], 'ETag')
})

test('a locked version cannot be deleted before its time', async (t) => {
  const s3 = await startTestS3(t)
  const headers = { 'x-amz-bucket-object-lock-enabled': 'true' }
  assert.equal((await s3.send('PUT', '/locked', { headers })).status, 200)
  assert.match((await s3.send('GET', '/locked?versioning')).text, /<Status>Enabled</)
  const until = new Date(s3.clock.now() + 60_000).toISOString()
  const lock = {
    'x-amz-object-lock-mode': 'GOVERNANCE',
    'x-amz-object-lock-retain-until-date': until,
  }
  const put = await s3.send('PUT', '/locked/k', { body: '', headers: lock })
  const target = `/locked/k?versionId=${put.headers['x-amz-version-id']}`
  assert.equal((await s3.send('DELETE', target)).code, 'AccessDenied')
  assert.equal((await s3.send('DELETE', '/locked/k')).status, 204, 'a marker may be made')
  const hold = '<LegalHold><Status>ON</Status></LegalHold>'
  await s3.send('PUT', target.replace('?', '?legal-hold&'), { body: hold, md5: true })
  const bypass = { 'x-amz-bypass-governance-retention': 'true' }
  assert.equal((await s3.send('DELETE', target, { headers: bypass })).code, 'AccessDenied')
  const off = hold.replace('ON', 'OFF')
  await s3.send('PUT', target.replace('?', '?legal-hold&'), { body: off, md5: true })
  assert.equal((await s3.send('DELETE', target)).code, 'AccessDenied')
  assert.equal((await s3.send('DELETE', target, { headers: bypass })).status, 204)
})
