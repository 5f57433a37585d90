import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { allowing, testAccount } from '../gateway/testing.ts'
import { type Answer, startTestS3, type TestS3 } from './testing.ts'

const reader: SigningCredentials = {
  accessKeyId: 'AKIATESTREADER000001',
  secretAccessKey: 'test/reader/secret/000000000000000000000',
}
const stranger: SigningCredentials = {
  accessKeyId: 'AKIATESTSTRANGER0001',
  secretAccessKey: 'test/stranger/secret/0000000000000000000',
}
const strangerAccount = '999988887777'
const readerArn = `arn:aws:iam::${testAccount}:user/reader`
const strangerArn = `arn:aws:iam::${strangerAccount}:user/stranger`

/** A bucket with one object `k`, a user with the policies given, and a user of another account who may everything there. */
async function start(t: TestContext, ...policies: string[]): Promise<TestS3> {
  const s3 = await startTestS3(t)
  s3.identities.addUser('reader', reader, ...policies)
  s3.identities.addUser('stranger', stranger, allowing('*'))
  s3.identities.keys.set(stranger.accessKeyId, {
    secretAccessKey: stranger.secretAccessKey,
    active: true,
    caller: {
      kind: 'user',
      account: strangerAccount,
      arn: strangerArn,
      userName: 'stranger',
      userId: 'AIDASTRANGER',
      accessKeyId: stranger.accessKeyId,
    },
  })
  assert.equal((await s3.send('PUT', '/bkt')).status, 200)
  assert.equal((await s3.send('PUT', '/bkt/k', { body: 'v' })).status, 200)
  return s3
}

function denial(action: string, resource: string, reason: string): string {
  return `User: ${readerArn} is not authorized to perform: ${action} on resource: &quot;${resource}&quot; ${reason}`
}

function lacking(action: string, resource: string): string {
  return denial(action, resource, `because no identity-based policy allows the ${action} action`)
}

function deniedWith(answer: Answer, message: string): void {
  const seen = [answer.status, answer.code, answer.element('Message')]
  assert.deepEqual(seen, [403, 'AccessDenied', message])
}

function statement(effect: string, principal: unknown, action: string, more: object = {}): object {
  const resources = { Resource: ['arn:aws:s3:::bkt', 'arn:aws:s3:::bkt/*'] }
  return { Effect: effect, Principal: principal, Action: action, ...resources, ...more }
}

async function setPolicy(s3: TestS3, ...statements: object[]): Promise<Answer> {
  const body = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  return s3.send('PUT', '/bkt?policy', { body, md5: true })
}

async function openToThePublic(s3: TestS3): Promise<void> {
  const off = await s3.send('DELETE', '/bkt?publicAccessBlock')
  assert.equal(off.status, 204)
}

test('who has no policy is told which action on which resource no policy allows', async (t) => {
  const s3 = await start(t)
  const credentials = reader
  deniedWith(
    await s3.send('GET', '/bkt/k', { credentials }),
    lacking('s3:GetObject', 'arn:aws:s3:::bkt/k'),
  )
  deniedWith(
    await s3.send('PUT', '/bkt/n', { credentials, body: 'x' }),
    lacking('s3:PutObject', 'arn:aws:s3:::bkt/n'),
  )
  deniedWith(
    await s3.send('GET', '/bkt?list-type=2', { credentials }),
    lacking('s3:ListBucket', 'arn:aws:s3:::bkt'),
  )
  deniedWith(
    await s3.send('GET', '/', { credentials }),
    `User: ${readerArn} is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`,
  )
  assert.equal((await s3.send('GET', '/bkt/n')).code, 'NoSuchKey', 'nothing was written')
  assert.equal(s3.audit.records.filter(({ outcome }) => outcome === 'denied').length, 4)
})

test('a bucket that is not there is a 404 before any policy is asked', async (t) => {
  const s3 = await start(t)
  const answer = await s3.send('GET', '/nope/k', { credentials: reader })
  assert.equal(answer.code, 'NoSuchBucket')
})

test('a missing key is a 404 only for who may list', async (t) => {
  const s3 = await start(t, allowing('s3:GetObject'))
  deniedWith(
    await s3.send('GET', '/bkt/no', { credentials: reader }),
    lacking('s3:ListBucket', 'arn:aws:s3:::bkt'),
  )
  assert.equal((await s3.send('HEAD', '/bkt/no', { credentials: reader })).status, 403)
  s3.identities.addUser('reader', reader, allowing(['s3:GetObject', 's3:ListBucket']))
  assert.equal((await s3.send('GET', '/bkt/no', { credentials: reader })).code, 'NoSuchKey')
  assert.equal((await s3.send('HEAD', '/bkt/no', { credentials: reader })).status, 404)
})

test('the version in a request asks for the action on versions', async (t) => {
  const s3 = await start(t, allowing('s3:GetObject'))
  assert.equal((await s3.send('GET', '/bkt/k', { credentials: reader })).text, 'v')
  deniedWith(
    await s3.send('GET', '/bkt/k?versionId=null', { credentials: reader }),
    lacking('s3:GetObjectVersion', 'arn:aws:s3:::bkt/k'),
  )
})

test('lists are bound by their prefix', async (t) => {
  const policy = {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: '*',
      Condition: { StringLike: { 's3:prefix': 'home/*' } },
    },
  }
  const s3 = await start(t, JSON.stringify(policy))
  const list = (query: string) =>
    s3.send('GET', `/bkt?list-type=2${query}`, { credentials: reader })
  assert.equal((await list('&prefix=home/a')).status, 200)
  assert.equal((await list('&prefix=other')).status, 403)
  assert.equal((await list('')).status, 403)
})

test('a bucket policy alone lets callers of the own account in, and its deny beats all', async (t) => {
  const s3 = await start(t)
  await setPolicy(s3, statement('Allow', { AWS: readerArn }, 's3:GetObject'))
  assert.equal((await s3.send('GET', '/bkt/k', { credentials: reader })).text, 'v')
  s3.identities.addUser('reader', reader, allowing('s3:*'))
  await setPolicy(s3, statement('Deny', '*', 's3:GetObject'))
  deniedWith(
    await s3.send('GET', '/bkt/k', { credentials: reader }),
    denial(
      's3:GetObject',
      'arn:aws:s3:::bkt/k',
      'with an explicit deny in a resource-based policy',
    ),
  )
})

test('another account needs both its own policies and the bucket policy', async (t) => {
  const s3 = await start(t)
  const get = () => s3.send('GET', '/bkt/k', { credentials: stranger })
  deniedWith(await get(), 'Access Denied')
  await setPolicy(s3, statement('Allow', { AWS: strangerArn }, 's3:*'))
  assert.equal((await get()).text, 'v')
  s3.identities.addUser('stranger', stranger)
  const key = s3.identities.keys.get(stranger.accessKeyId)
  assert.ok(key)
  s3.identities.keys.set(stranger.accessKeyId, {
    ...key,
    caller: { ...key.caller, account: strangerAccount, arn: strangerArn },
  })
  deniedWith(await get(), 'Access Denied')
})

test('a bucket policy is no affair of other accounts', async (t) => {
  const s3 = await start(t)
  await setPolicy(s3, statement('Allow', { AWS: strangerArn }, 's3:*'))
  const answer = await s3.send('GET', '/bkt?policy', { credentials: stranger })
  assert.deepEqual([answer.status, answer.code], [405, 'MethodNotAllowed'])
})

test('a policy for everybody is refused by Block Public Access, and lets nobody in while it restricts', async (t) => {
  const s3 = await start(t)
  const open = statement('Allow', '*', 's3:GetObject')
  const refused = await setPolicy(s3, open)
  assert.match(
    refused.text,
    /because public policies are prevented by the BlockPublicPolicy setting/,
  )
  await openToThePublic(s3)
  assert.equal((await setPolicy(s3, open)).status, 204)
  assert.match((await s3.send('GET', '/bkt?policyStatus')).text, /<IsPublic>true</)
  const get = (target = '/bkt/k') => s3.send('GET', target, { credentials: 'none' })
  assert.equal((await get()).text, 'v')
  deniedWith(await get('/bkt/no'), 'Access Denied')
  deniedWith(await get('/bkt?list-type=2'), 'Access Denied')
  deniedWith(await s3.send('PUT', '/bkt/k', { credentials: 'none', body: '' }), 'Access Denied')
  deniedWith(await get('/'), 'Access Denied')
  const query = await get('/bkt/k?response-content-type=a')
  assert.equal(query.code, 'InvalidRequest')
  const restrict = `<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`
  await s3.send('PUT', '/bkt?publicAccessBlock', { body: restrict, md5: true })
  deniedWith(await get(), 'Access Denied')
})

test('DeleteObjects decides key by key', async (t) => {
  const s3 = await start(t, allowing('s3:DeleteObject', 'arn:aws:s3:::bkt/mine/*'))
  const body = '<Delete><Object><Key>mine/a</Key></Object><Object><Key>k</Key></Object></Delete>'
  const answer = await s3.send('POST', '/bkt?delete', { credentials: reader, body, md5: true })
  assert.equal(answer.status, 200)
  assert.match(answer.text, /<Deleted><Key>mine\/a<\/Key><\/Deleted>/)
  assert.match(answer.text, /<Error><Key>k<\/Key><Code>AccessDenied<\/Code><Message>User: /)
  assert.equal((await s3.send('GET', '/bkt/k')).text, 'v')
})

test('a copy needs the right to read its source', async (t) => {
  const s3 = await start(t, allowing('s3:PutObject'))
  const headers = { 'x-amz-copy-source': 'bkt/k' }
  deniedWith(
    await s3.send('PUT', '/bkt/copy', { credentials: reader, headers }),
    lacking('s3:GetObject', 'arn:aws:s3:::bkt/k'),
  )
})

test('headers that set tags or ACL need their own rights', async (t) => {
  const s3 = await start(t, allowing('s3:PutObject'))
  const put = (headers: Record<string, string>) =>
    s3.send('PUT', '/bkt/n', { credentials: reader, body: '', headers })
  deniedWith(
    await put({ 'x-amz-tagging': 'a=b' }),
    lacking('s3:PutObjectTagging', 'arn:aws:s3:::bkt/n'),
  )
  deniedWith(
    await put({ 'x-amz-acl': 'private' }),
    lacking('s3:PutObjectAcl', 'arn:aws:s3:::bkt/n'),
  )
  assert.equal((await put({})).status, 200)
})

test('tags of the object and of the request are condition keys', async (t) => {
  const condition = (key: string, action: string): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: action,
        Resource: '*',
        Condition: { StringEquals: { [key]: 'a' } },
      },
    })
  const s3 = await start(
    t,
    condition('s3:ExistingObjectTag/team', 's3:GetObject'),
    condition('s3:RequestObjectTag/team', 's3:PutObject*'),
  )
  const put = (team: string) =>
    s3.send('PUT', `/bkt/${team}`, {
      credentials: reader,
      body: team,
      headers: { 'x-amz-tagging': `team=${team}` },
    })
  assert.deepEqual([(await put('a')).status, (await put('b')).status], [200, 403])
  await s3.send('PUT', '/bkt/b', { body: 'b', headers: { 'x-amz-tagging': 'team=b' } })
  const get = (key: string) => s3.send('GET', `/bkt/${key}`, { credentials: reader })
  assert.deepEqual([(await get('a')).status, (await get('b')).status], [200, 403])
})

test("buckets belong to the account that made them, and names are everybody's", async (t) => {
  const s3 = await start(t)
  assert.equal((await s3.send('PUT', '/theirs', { credentials: stranger })).status, 200)
  const mine = await s3.send('GET', '/')
  assert.match(mine.text, /<Name>bkt</)
  assert.doesNotMatch(mine.text, /theirs/)
  assert.equal((await s3.send('PUT', '/theirs')).code, 'BucketAlreadyExists')
  assert.equal((await s3.send('PUT', '/bkt')).code, 'BucketAlreadyOwnedByYou')
  deniedWith(await s3.send('GET', '/theirs?list-type=2'), 'Access Denied')
  const headers = { 'x-amz-expected-bucket-owner': strangerAccount }
  deniedWith(await s3.send('GET', '/bkt/k', { headers }), 'Access Denied')
})

test('a policy that AWS would not take is refused', async (t) => {
  const s3 = await start(t)
  const put = (body: string) => s3.send('PUT', '/bkt?policy', { body, md5: true })
  assert.equal((await put('not json')).code, 'MalformedPolicy')
  const foreign = { ...statement('Allow', '*', 's3:GetObject'), Resource: 'arn:aws:s3:::other/*' }
  assert.equal((await setPolicy(s3, foreign)).element('Message'), 'Policy has invalid resource')
  assert.equal((await s3.send('GET', '/bkt?policy')).code, 'NoSuchBucketPolicy')
})

test('a finished session, a wrong secret and a changed body are each refused in S3’s words', async (t) => {
  const s3 = await start(t)
  const at = s3.clock.now()
  const role = s3.identities.addRole('app', [allowing('s3:*')])
  const session = s3.sessions.issue({
    account: testAccount,
    roleArn: role.arn,
    roleId: role.id,
    roleName: 'app',
    sessionName: 'pod',
    issuedAt: at,
    expiresAt: at + 3_600_000,
    sessionPolicy: allowing('s3:GetObject'),
  })
  assert.equal((await s3.send('GET', '/bkt/k', { credentials: session })).text, 'v')
  const put = await s3.send('PUT', '/bkt/k', { credentials: session, body: '' })
  assert.match(put.text, /because no session policy allows the s3:PutObject action/)
  const wrong = { ...reader, secretAccessKey: 'wrong' }
  assert.equal(
    (await s3.send('GET', '/bkt/k', { credentials: wrong })).code,
    'SignatureDoesNotMatch',
  )
  const body = { body: 'other', payloadHash: '0'.repeat(64) }
  assert.equal((await s3.send('PUT', '/bkt/k', body)).code, 'XAmzContentSHA256Mismatch')
  assert.equal((await s3.send('GET', '/bkt/k')).text, 'v', 'nothing was stored')
  s3.clock.advance(3_600_001)
  const late = await s3.send('GET', '/bkt/k', { credentials: session })
  assert.deepEqual([late.status, late.code], [400, 'ExpiredToken'])
})
