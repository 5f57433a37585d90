import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { allowing, testAccount } from '../gateway/testing.ts'
import { operations } from './operations.ts'
import { startTestS3, type TestS3 } from './testing.ts'

/** One request for an operation, and the actions that together, and only together, allow it. */
interface Row {
  readonly request: string
  readonly actions: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

const tagging = '<Tagging><TagSet/></Tagging>'
const copy = { 'x-amz-copy-source': 'bkt/k' }
const hold = '<LegalHold><Status>OFF</Status></LegalHold>'
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:GetObjectTorrent',
    Resource: 'arn:aws:s3:::bkt/*',
  },
})

const rows: Record<string, Row> = {
  ListBuckets: { request: 'GET /', actions: 'ListAllMyBuckets' },
  HeadBucket: { request: 'HEAD /bkt', actions: 'ListBucket' },
  GetBucketLocation: { request: 'GET /bkt?location', actions: 'GetBucketLocation' },
  ListObjects: { request: 'GET /bkt', actions: 'ListBucket' },
  ListObjectsV2: { request: 'GET /bkt?list-type=2', actions: 'ListBucket' },
  ListObjectVersions: { request: 'GET /bkt?versions', actions: 'ListBucketVersions' },
  ListMultipartUploads: { request: 'GET /bkt?uploads', actions: 'ListBucketMultipartUploads' },
  GetObject: { request: 'GET /bkt/k', actions: 'GetObject' },
  'GetObject of a version': { request: 'GET /bkt/k?versionId=null', actions: 'GetObjectVersion' },
  HeadObject: { request: 'HEAD /bkt/k', actions: 'GetObject' },
  GetObjectAttributes: {
    request: 'GET /bkt/k?attributes',
    headers: { 'x-amz-object-attributes': 'ETag' },
    actions: 'GetObject GetObjectAttributes',
  },
  GetObjectTagging: { request: 'GET /bkt/k?tagging', actions: 'GetObjectTagging' },
  PutObjectTagging: { request: 'PUT /bkt/k?tagging', body: tagging, actions: 'PutObjectTagging' },
  DeleteObjectTagging: { request: 'DELETE /bkt/k?tagging', actions: 'DeleteObjectTagging' },
  GetObjectAcl: { request: 'GET /bkt/k?acl', actions: 'GetObjectAcl' },
  PutObjectAcl: {
    request: 'PUT /bkt/k?acl',
    headers: { 'x-amz-acl': 'private' },
    actions: 'PutObjectAcl',
  },
  GetObjectRetention: { request: 'GET /locked/k?retention', actions: 'GetObjectRetention' },
  PutObjectRetention: {
    request: 'PUT /locked/k?retention',
    body: '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2096-01-01T00:00:00Z</RetainUntilDate></Retention>',
    actions: 'PutObjectRetention',
  },
  GetObjectLegalHold: { request: 'GET /locked/k?legal-hold', actions: 'GetObjectLegalHold' },
  PutObjectLegalHold: {
    request: 'PUT /locked/k?legal-hold',
    body: hold,
    actions: 'PutObjectLegalHold',
  },
  PutObject: { request: 'PUT /bkt/n', body: 'x', actions: 'PutObject' },
  'PutObject with tags and ACL': {
    request: 'PUT /bkt/n',
    body: 'x',
    headers: { 'x-amz-tagging': 'a=b', 'x-amz-acl': 'private' },
    actions: 'PutObject PutObjectTagging PutObjectAcl',
  },
  CopyObject: { request: 'PUT /bkt/n', headers: copy, actions: 'GetObject PutObject' },
  'CopyObject with tags': {
    request: 'PUT /bkt/n',
    headers: { 'x-amz-copy-source': 'bkt/tagged' },
    actions: 'GetObject GetObjectTagging PutObject PutObjectTagging',
  },
  CreateMultipartUpload: { request: 'POST /bkt/n?uploads', actions: 'PutObject' },
  UploadPart: {
    request: 'PUT /bkt/u?partNumber=1&uploadId={upload}',
    body: 'x',
    actions: 'PutObject',
  },
  UploadPartCopy: {
    request: 'PUT /bkt/u?partNumber=2&uploadId={upload}',
    headers: copy,
    actions: 'GetObject PutObject',
  },
  ListParts: { request: 'GET /bkt/u?uploadId={upload}', actions: 'ListMultipartUploadParts' },
  CompleteMultipartUpload: {
    request: 'POST /bkt/u?uploadId={upload}',
    body: '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>9dd4e461268c8034f5c8564e155c67a6</ETag></Part></CompleteMultipartUpload>',
    actions: 'PutObject',
  },
  AbortMultipartUpload: {
    request: 'DELETE /bkt/u?uploadId={upload}',
    actions: 'AbortMultipartUpload',
  },
  DeleteObject: { request: 'DELETE /bkt/k', actions: 'DeleteObject' },
  'DeleteObject of a version': {
    request: 'DELETE /bkt/k?versionId=null',
    actions: 'DeleteObjectVersion',
  },
  ...setting('Versioning', 'versioning', 'BucketVersioning', {
    body: '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
  }),
  ...setting('Policy', 'policy', 'BucketPolicy', { body: policy, deleting: 'DeleteBucketPolicy' }),
  GetBucketPolicyStatus: { request: 'GET /bkt?policyStatus', actions: 'GetBucketPolicyStatus' },
  ...setting('Acl', 'acl', 'BucketAcl', { headers: { 'x-amz-acl': 'private' } }),
  ...setting('Cors', 'cors', 'BucketCORS', {
    body: '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>',
    deleting: 'PutBucketCORS',
  }),
  ...setting('Tagging', 'tagging', 'BucketTagging', {
    body: tagging,
    deleting: 'PutBucketTagging',
  }),
  ...setting('Encryption', 'encryption', 'EncryptionConfiguration', {
    body: '<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>',
    deleting: 'PutEncryptionConfiguration',
  }),
  ...setting('OwnershipControls', 'ownershipControls', 'BucketOwnershipControls', {
    body: '<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>',
    deleting: 'PutBucketOwnershipControls',
  }),
  ...setting('Website', 'website', 'BucketWebsite', {
    body: '<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>',
    deleting: 'DeleteBucketWebsite',
  }),
  ...setting('Logging', 'logging', 'BucketLogging', { body: '<BucketLoggingStatus/>' }),
  ...setting('NotificationConfiguration', 'notification', 'BucketNotification', {
    body: '<NotificationConfiguration/>',
  }),
  ...setting('AccelerateConfiguration', 'accelerate', 'AccelerateConfiguration', {
    body: '<AccelerateConfiguration/>',
  }),
  ...setting('RequestPayment', 'requestPayment', 'BucketRequestPayment', {
    body: '<RequestPaymentConfiguration/>',
  }),
  ...setting('LifecycleConfiguration', 'lifecycle', 'LifecycleConfiguration', {
    body: '<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  }),
  DeleteBucketLifecycle: {
    request: 'DELETE /bkt?lifecycle',
    actions: 'PutLifecycleConfiguration',
  },
  PutBucketReplication: {
    request: 'PUT /locked?replication',
    body: '<ReplicationConfiguration><Role>r</Role><Rule/></ReplicationConfiguration>',
    actions: 'PutReplicationConfiguration',
  },
  GetBucketReplication: {
    request: 'GET /locked?replication',
    actions: 'GetReplicationConfiguration',
  },
  DeleteBucketReplication: {
    request: 'DELETE /locked?replication',
    actions: 'PutReplicationConfiguration',
  },
  PutPublicAccessBlock: {
    request: 'PUT /bkt?publicAccessBlock',
    body: '<PublicAccessBlockConfiguration/>',
    actions: 'PutBucketPublicAccessBlock',
  },
  GetPublicAccessBlock: {
    request: 'GET /bkt?publicAccessBlock',
    actions: 'GetBucketPublicAccessBlock',
  },
  DeletePublicAccessBlock: {
    request: 'DELETE /bkt?publicAccessBlock',
    actions: 'PutBucketPublicAccessBlock',
  },
  GetObjectLockConfiguration: {
    request: 'GET /locked?object-lock',
    actions: 'GetBucketObjectLockConfiguration',
  },
  PutObjectLockConfiguration: {
    request: 'PUT /locked?object-lock',
    body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
    actions: 'PutBucketObjectLockConfiguration',
  },
  CreateBucket: { request: 'PUT /new', actions: 'CreateBucket' },
  'CreateBucket with object lock': {
    request: 'PUT /newer',
    headers: {
      'x-amz-bucket-object-lock-enabled': 'true',
      'x-amz-object-ownership': 'ObjectWriter',
    },
    actions:
      'CreateBucket PutBucketOwnershipControls PutBucketObjectLockConfiguration PutBucketVersioning',
  },
  DeleteBucket: { request: 'DELETE /empty', actions: 'DeleteBucket' },
}

/** Puts, gets and, where `deleting` names the action, deletes a sub-resource of a bucket. */
function setting(
  name: string,
  sub: string,
  action: string,
  { deleting, ...put }: { body?: string; headers?: Record<string, string>; deleting?: string },
): Record<string, Row> {
  return {
    [`PutBucket${name}`]: { request: `PUT /bkt?${sub}`, actions: `Put${action}`, ...put },
    [`GetBucket${name}`]: { request: `GET /bkt?${sub}`, actions: `Get${action}` },
    ...(deleting !== undefined && {
      [`DeleteBucket${name}`]: { request: `DELETE /bkt?${sub}`, actions: deleting },
    }),
  }
}

const user: SigningCredentials = {
  accessKeyId: 'AKIATESTREADER000001',
  secretAccessKey: 'test/reader/secret/000000000000000000000',
}
const stranger: SigningCredentials = {
  accessKeyId: 'AKIATESTSTRANGER0001',
  secretAccessKey: 'test/stranger/secret/0000000000000000000',
}

async function start(s3: TestS3): Promise<{ upload: string; expired: SigningCredentials }> {
  s3.identities.addUser('stranger', stranger, allowing('*'))
  const arn = 'arn:aws:iam::999988887777:user/stranger'
  const { accessKeyId, secretAccessKey } = stranger
  s3.identities.keys.set(accessKeyId, {
    secretAccessKey,
    active: true,
    caller: {
      ...{ kind: 'user', account: '999988887777', arn, userName: 'stranger' },
      ...{ userId: 'AIDASTRANGER', accessKeyId },
    },
  } as Parameters<typeof s3.identities.keys.set>[1])
  for (const name of ['bkt', 'empty']) await s3.send('PUT', `/${name}`)
  const lock = { 'x-amz-bucket-object-lock-enabled': 'true' }
  await s3.send('PUT', '/locked', { headers: lock })
  await s3.send('PUT', '/locked/k', {
    body: 'v',
    headers: {
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2095-01-01T00:00:00Z',
      'x-amz-object-lock-legal-hold': 'ON',
    },
  })
  await s3.send('PUT', '/bkt/tagged', { body: 'v', headers: { 'x-amz-tagging': 'a=b' } })
  const role = s3.identities.addRole('late', [allowing('*')])
  const expired = s3.sessions.issue({
    ...{ account: testAccount, roleArn: role.arn, roleId: role.id, roleName: 'late' },
    ...{ sessionName: 's', issuedAt: 0, expiresAt: 1 },
  })
  const upload = (await s3.send('POST', '/bkt/u?uploads')).element('UploadId') ?? ''
  return { upload, expired }
}

test('each operation lets in exactly whom its actions let in', async (t) => {
  const s3 = await startTestS3(t)
  const facts = await start(s3)
  const lines = [
    'operation: actions | nobody | wrong signature | expired | stranger | no policy | granted',
  ]
  for (const [name, row] of Object.entries(rows)) {
    const [method = '', target = ''] = row.request.split(' ')
    if (target.startsWith('/bkt/k')) await s3.send('PUT', '/bkt/k', { body: 'v' })
    if (name === 'AbortMultipartUpload') {
      facts.upload = (await s3.send('POST', '/bkt/u?uploads')).element('UploadId') ?? ''
    }
    const ask = async (credentials: SigningCredentials | 'none'): Promise<number> => {
      const { status } = await s3.send(method, target.replace('{upload}', facts.upload), {
        credentials,
        headers: row.headers ?? {},
        ...(row.body !== undefined && { body: row.body, md5: true }),
      })
      return status
    }
    const actions = row.actions.split(' ').map((action) => `s3:${action}`)
    const answers = [await ask('none')]
    s3.identities.addUser('reader', user, allowing(actions))
    answers.push(await ask({ ...user, secretAccessKey: 'wrong' }))
    answers.push(await ask(facts.expired), await ask(stranger))
    s3.identities.addUser('reader', user)
    answers.push(await ask(user))
    for (const missing of actions) {
      if (actions.length === 1) break
      s3.identities.addUser('reader', user, allowing(actions.filter((one) => one !== missing)))
      assert.equal(await ask(user), 403, `${name} without ${missing}`)
    }
    s3.identities.addUser('reader', user, allowing(actions))
    answers.push(await ask(user))
    const marks = answers.map((status) => `${status < 400 ? '✔' : '✘'} ${status}`)
    lines.push(`${name}: ${row.actions} | ${marks.join(' | ')}`)
  }
  const golden = new URL('access-table.txt', import.meta.url)
  const table = `${lines.join('\n')}\n`
  // To take a change over: delete the file, run, and read the difference.
  const known = await readFile(golden, 'utf8').catch(() => undefined)
  if (known === undefined) await writeFile(golden, table)
  assert.equal(table, known ?? table)
})

test('the table has every operation that is served', () => {
  const served = Object.entries(operations).filter(([, one]) => one !== 'not-implemented')
  const asked = new Set(Object.keys(rows).map((name) => name.split(' ')[0]))
  // DeleteObjects needs nothing by itself: it decides key by key (authorisation.test.ts).
  const missing = served.map(([name]) => name).filter((name) => !asked.has(name))
  assert.deepEqual(missing, ['DeleteObjects'])
})
