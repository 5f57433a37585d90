/** Where signatures may be scoped to: a lab is all of AWS's regions at one address, and each bucket lies in one of them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Acceptance, startAcceptance, type WireAnswer } from './support/acceptance.ts'
import { type CommandResult, ok } from './support/lab.ts'

let it: Acceptance

before(async () => {
  it = await startAcceptance()
})
after(() => it[Symbol.asyncDispose]())

/** The real `aws`, as where the user's region is another than the lab's. */
function awsIn(region: string, ...args: string[]): Promise<CommandResult> {
  return it.lab.aws('--region', region, ...args)
}

test('whose region is another of AWS’s works there, as on AWS', async () => {
  const where = 'eu-west-1'
  ok(await awsIn(where, 'sts', 'get-caller-identity'))
  ok(await awsIn(where, 'iam', 'get-role', '--role-name', 'irsa'))
  const empty = async (...args: string[]) =>
    assert.equal(ok(await awsIn(where, ...args, '--output', 'text')).stdout.trim(), '')
  await empty('eks', 'list-clusters', '--query', 'clusters')
  await empty('rds', 'describe-db-clusters', '--query', 'DBClusters')
  await empty('ec2', 'describe-instances', '--query', 'Reservations')
})

test('a region that AWS does not have is refused in each service’s words', async () => {
  const region = 'eu-wset-1'
  const of = async (service: string, request: Partial<Parameters<Acceptance['signed']>[0]>) => {
    const answer = await it.signed({ credentials: it.administrator, region, service, ...request })
    return `${answer.status} ${answer.value('Code') ?? answer.headers['x-amzn-errortype']}`
  }
  const query = (Action: string, Version: string) => ({
    body: new URLSearchParams({ Action, Version }).toString(),
  })
  assert.deepEqual(
    [
      await of('sts', query('GetCallerIdentity', '2011-06-15')),
      await of('iam', query('ListRoles', '2010-05-08')),
      await of('rds', query('DescribeDBClusters', '2014-10-31')),
      await of('ec2', query('DescribeRegions', '2016-11-15')),
      await of('eks', { target: '/clusters' }),
      await of('s3', { target: '/' }),
    ],
    [
      '403 SignatureDoesNotMatch',
      '403 SignatureDoesNotMatch',
      '403 SignatureDoesNotMatch',
      '401 AuthFailure',
      '403 InvalidSignatureException',
      '400 AuthorizationHeaderMalformed',
    ],
  )
  const { code, stderr } = await awsIn(region, 'sts', 'get-caller-identity')
  assert.ok(code > 0)
  assert.match(stderr, /Credential should be scoped to a valid region, not 'eu-wset-1'/)
})

test('a stranger is not told about regions', async () => {
  const credentials = { ...it.administrator, secretAccessKey: 'x'.repeat(40) }
  const body = 'Action=GetCallerIdentity&Version=2011-06-15'
  const answer = await it.signed({ service: 'sts', credentials, region: 'eu-wset-1', body })
  assert.match(answer.value('Message') ?? '', /^The request signature we calculated does not match/)
})

test('a bucket is spoken to in its own region; the answer to others names it, and aws goes there', async () => {
  const bucket = 'lies-in-oregon'
  ok(await awsIn('us-west-2', 's3', 'mb', `s3://${bucket}`))
  const get = (region: string, target: string, method = 'GET'): Promise<WireAnswer> =>
    it.signed({ service: 's3', credentials: it.administrator, region, target, method })
  const wrong = await get('us-east-1', `/${bucket}?list-type=2`)
  assert.equal(`${wrong.status} ${wrong.value('Code')}`, '400 AuthorizationHeaderMalformed')
  assert.equal(
    wrong.value('Message'),
    "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'us-west-2'",
  )
  assert.equal(wrong.value('Region'), 'us-west-2')
  const head = await get('us-east-1', `/${bucket}`, 'HEAD')
  assert.deepEqual([head.status, head.headers['x-amz-bucket-region']], [400, 'us-west-2'])
  assert.equal((await get('us-west-2', `/${bucket}`)).status, 200)
  for (const target of ['/', `/${bucket}?location`]) {
    assert.equal((await get('us-east-1', target)).status, 200, target)
  }
  const file = join(it.lab.home, 'note.txt')
  writeFileSync(file, 'hello')
  const there = `s3://${bucket}/note.txt`
  ok(await awsIn('us-east-1', 's3', 'cp', file, there))
  assert.equal(ok(await awsIn('eu-west-1', 's3', 'cp', there, '-')).stdout, 'hello')
  ok(await awsIn('eu-west-1', 's3api', 'head-object', '--bucket', bucket, '--key', 'note.txt'))
  ok(await awsIn('eu-west-1', 's3', 'rb', `s3://${bucket}`, '--force'))
})
