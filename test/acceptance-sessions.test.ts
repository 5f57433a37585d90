/** Acceptance checks 18 to 27 of the STS and IAM specification: what a session may do, and until when. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { presignQuery, type SigningCredentials } from '../src/kernel/sigv4/sign.ts'
import {
  type Acceptance,
  account,
  bucket,
  document,
  environmentOf,
  outcome,
  roleArn,
  startAcceptance,
} from './support/acceptance.ts'
import { type CommandResult, ok } from './support/lab.ts'

let it: Acceptance
let session: SigningCredentials
const everything = { Effect: 'Allow', Action: 's3:*', Resource: '*' }
const keys = ['plain.txt', 'with spaces/ünï%2Fcode+&.txt', '日本/キー']

before(async () => {
  it = await startAcceptance()
  for (const key of keys) await putAsAdministrator(bucket, key, `content of ${key}`)
  await it.role('wide', { all: everything })
  session = await it.session()
})
after(() => it[Symbol.asyncDispose]())

/** A key as a path of a URL. */
function path(inBucket: string, key = ''): string {
  return `/${inBucket}/${[...Buffer.from(key)].map((byte) => encodeByte(byte)).join('')}`
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9\-._~/]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** An S3 request, signed as whoever. */
function s3(credentials: SigningCredentials, method: string, target: string, body?: string) {
  const more = body === undefined ? {} : { body }
  return it.signed({ service: 's3', credentials, method, target, ...more })
}

async function putAsAdministrator(inBucket: string, key: string, body: string): Promise<void> {
  const answer = await s3(it.administrator, 'PUT', path(inBucket, key), body)
  assert.equal(answer.status, 200, answer.text)
}

/** The text that `aws` prints for a refusal. */
function refused(result: CommandResult, code: string): string {
  assert.notEqual(result.code, 0)
  const match = /An error occurred \((\w+)\) when calling the \w+ operation: (.*)/.exec(
    result.stderr,
  )
  assert.equal(match?.[1], code, result.stderr)
  return match?.[2] ?? ''
}

function denial(role: string, action: string, resource: string, reason: string): string {
  return `User: arn:aws:sts::${account}:assumed-role/${role}/sess is not authorized to perform: ${action} on resource: "${resource}" ${reason}`
}

test('check 18: the session lists the bucket and reads keys of any spelling', async () => {
  const listed = ok(await it.awsAs(session, 's3', 'ls', `s3://${bucket}`, '--recursive'))
  for (const key of keys) assert.ok(listed.stdout.includes(key), listed.stdout)
  for (const key of keys) {
    const file = join(it.lab.home, 'got')
    ok(await it.awsAs(session, 's3api', 'get-object', '--bucket', bucket, '--key', key, file))
    const answer = await s3(session, 'GET', path(bucket, key))
    assert.equal(answer.text, `content of ${key}`)
  }
})

test('check 19: what no policy allows is refused in AWS’s words', async () => {
  const put = ['s3api', 'put-object', '--bucket', bucket, '--key', 'k']
  assert.equal(
    refused(await it.awsAs(session, ...put), 'AccessDenied'),
    denial(
      'irsa',
      's3:PutObject',
      `arn:aws:s3:::${bucket}/k`,
      'because no identity-based policy allows the s3:PutObject action',
    ),
  )
})

test('check 20: a missing key is 404 for who may list, else 403 naming the list', async () => {
  assert.match(outcome(await s3(session, 'GET', path(bucket, 'missing'))), /^404 NoSuchKey: /)
  await it.role('get-only', {
    get: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
  })
  const blind = await it.session('get-only')
  assert.equal(
    outcome(await s3(blind, 'GET', path(bucket, 'missing'))),
    `403 AccessDenied: ${denial('get-only', 's3:ListBucket', `arn:aws:s3:::${bucket}`, 'because no identity-based policy allows the s3:ListBucket action')}`,
  )
})

test('check 21: an attached policy counts at the next request, a detached one no more', async () => {
  const query = ['--query', "Policies[?PolicyName=='AmazonS3ReadOnlyAccess'].Arn"]
  const listed = ok(
    await it.lab.aws('iam', 'list-policies', '--scope', 'AWS', ...query, '--output', 'text'),
  )
  const policy = listed.stdout.trim()
  assert.equal(policy, 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess')
  const change = (verb: string) =>
    it.lab.aws('iam', `${verb}-role-policy`, '--role-name', 'irsa', '--policy-arn', policy)
  const list = async () => outcome(await s3(session, 'GET', '/'))
  assert.match(await list(), /^403 AccessDenied/)
  ok(await change('attach'))
  assert.equal(await list(), '200')
  ok(await change('detach'))
  assert.match(await list(), /^403 AccessDenied/)
})

test('check 22: a session policy narrows what the role may do', async () => {
  const Policy = document([{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }])
  const narrow = await it.session('wide', { Policy })
  assert.equal(outcome(await s3(narrow, 'GET', path(bucket, 'plain.txt'))), '200')
  assert.equal(
    outcome(await s3(narrow, 'PUT', path(bucket, 'k'), 'x')),
    `403 AccessDenied: ${denial('wide', 's3:PutObject', `arn:aws:s3:::${bucket}/k`, 'because no session policy allows the s3:PutObject action')}`,
  )
})

test('check 23: a permissions boundary bounds, and must exist when it is set', async () => {
  const made = ['iam', 'create-policy', '--policy-name', 'ec2-only', '--policy-document']
  const boundary = document([{ Effect: 'Allow', Action: 'ec2:*', Resource: '*' }])
  ok(await it.lab.aws(...made, boundary))
  await it.role('bounded', { all: everything })
  const set = (arn: string) => {
    const put = ['iam', 'put-role-permissions-boundary', '--role-name', 'bounded']
    return it.lab.aws(...put, '--permissions-boundary', arn)
  }
  const policy = `arn:aws:iam::${account}:policy/`
  refused(await set(`${policy}missing`), 'NoSuchEntity')
  ok(await set(`${policy}ec2-only`))
  assert.equal(
    outcome(await s3(await it.session('bounded'), 'PUT', path(bucket, 'k'), 'x')),
    `403 AccessDenied: ${denial('bounded', 's3:PutObject', `arn:aws:s3:::${bucket}/k`, 'because no permissions boundary allows the s3:PutObject action')}`,
  )
})

test('check 24: Deny, NotAction, NotResource, wildcards and case decide as AWS documents them', async () => {
  await it.role('rules', {})
  const rules = await it.session('rules')
  const get = async (statements: object[], key = 'plain.txt') => {
    const PolicyDocument = document(statements)
    await it.iam('PutRolePolicy', { RoleName: 'rules', PolicyName: 'rules', PolicyDocument })
    return (await s3(rules, 'GET', path(bucket, key))).status
  }
  const on = `arn:aws:s3:::${bucket}/*`
  const deny = (condition: object) => ({
    Effect: 'Deny',
    Action: 's3:GetObject',
    Resource: on,
    Condition: condition,
  })
  const met = { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }
  const unmet = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }
  const allow = (more: object) => ({ Effect: 'Allow', ...more })
  const cases: [string, object[], number][] = [
    ['a Deny whose condition is unmet', [everything, deny(unmet)], 200],
    ['a Deny whose condition is met', [everything, deny(met)], 403],
    ['NotAction that spares the action', [allow({ NotAction: 's3:Put*', Resource: on })], 200],
    ['NotAction that names the action', [allow({ NotAction: 's3:Get*', Resource: on })], 403],
    [
      'NotResource that spares the object',
      [allow({ Action: 's3:*', NotResource: 'arn:aws:s3:::x/*' })],
      200,
    ],
    ['NotResource that names the object', [allow({ Action: 's3:*', NotResource: on })], 403],
    [
      'a question mark for one character',
      [allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::bk?/*' })],
      200,
    ],
    [
      'a question mark is no character less',
      [allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::bkt?/*' })],
      403,
    ],
    ['a dot is a dot', [allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::b.t/*' })], 403],
    ['actions in any case', [allow({ Action: 'S3:gEtOBJECT', Resource: on })], 200],
  ]
  for (const [name, statements, status] of cases) {
    assert.equal(await get(statements), status, name)
  }
})

test('check 25: a bucket policy gives, denies, and across accounts takes both sides', async () => {
  const { lab } = it
  await it.role('guest', {})
  const guest = await it.session('guest')
  const set = async (...statements: object[]) => {
    const put = ['s3api', 'put-bucket-policy', '--bucket', 'shared', '--policy']
    ok(await lab.aws(...put, document(statements)))
  }
  ok(await lab.aws('s3', 'mb', 's3://shared'))
  await putAsAdministrator('shared', 'k', 'x')
  const get = async (credentials: SigningCredentials) =>
    outcome(await s3(credentials, 'GET', '/shared/k'))
  const Resource = 'arn:aws:s3:::shared/*'
  const allowGuest = {
    Effect: 'Allow',
    Principal: { AWS: roleArn('guest') },
    Action: 's3:GetObject',
    Resource,
  }
  assert.match(await get(guest), /^403/)
  await set(allowGuest)
  assert.equal(await get(guest), '200')
  await set(allowGuest, { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource })
  assert.equal(
    await get(guest),
    `403 AccessDenied: ${denial('guest', 's3:GetObject', 'arn:aws:s3:::shared/k', 'with an explicit deny in a resource-based policy')}`,
  )
  const other = '444455556666'
  const created = await lab.podpass('create', 'account', '--id', other, '-o', 'json')
  const { administratorKeys: administrator } = JSON.parse(ok(created).stdout) as {
    administratorKeys: SigningCredentials
  }
  await set(allowGuest)
  assert.match(await get(administrator), /^403/)
  const root = { AWS: `arn:aws:iam::${other}:root` }
  await set({ Effect: 'Allow', Principal: root, Action: 's3:GetObject', Resource })
  assert.equal(await get(administrator), '200')
  // The other side, too: a user of the other account whose own policies do not allow it.
  const aws = (...args: string[]) => it.awsAs(administrator, ...args)
  ok(await aws('iam', 'create-user', '--user-name', 'stranger'))
  const made = ok(await aws('iam', 'create-access-key', '--user-name', 'stranger'))
  const { AccessKey } = JSON.parse(made.stdout)
  const stranger = {
    accessKeyId: AccessKey.AccessKeyId,
    secretAccessKey: AccessKey.SecretAccessKey,
  }
  assert.match(await get(stranger), /^403 AccessDenied/)
})

test('check 26: an expired session is refused by each service in its words; the SDK renews by itself', async () => {
  const { lab } = it
  const short = await it.session('irsa', { DurationSeconds: '900' })
  const tokenFile = join(lab.home, 'web-identity-token')
  writeFileSync(tokenFile, it.issuer.token())
  assert.equal(outcome(await s3(short, 'GET', `/${bucket}`)), '200')
  ok(await lab.podpass('clock', 'advance', '16m'))
  assert.equal(
    outcome(await s3(short, 'GET', `/${bucket}`)),
    '400 ExpiredToken: The provided token has expired.',
  )
  for (const [service, form] of [
    ['sts', 'Action=GetCallerIdentity&Version=2011-06-15'],
    ['iam', 'Action=ListRoles&Version=2010-05-08'],
  ] as const) {
    assert.equal(
      outcome(await it.signed({ method: 'POST', service, credentials: short, body: form })),
      '403 ExpiredToken: The security token included in the request is expired',
      service,
    )
  }
  const renewed = await lab.run('aws', ['s3', 'ls', `s3://${bucket}`], {
    environment: {
      ...environmentOf(lab, undefined),
      AWS_ROLE_ARN: roleArn('irsa'),
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    },
  })
  assert.match(ok(renewed).stdout, /plain\.txt/)
  ok(await lab.podpass('clock', 'reset'))
})

test('check 27: a request that was tampered with, is stale or borrows a token is refused', async () => {
  const foreign = await it.session('wide')
  const { sessionToken: _, ...without } = session
  const get = (credentials: SigningCredentials, more: object = {}) =>
    it.signed({ service: 's3', credentials, target: `/${bucket}`, ...more })
  assert.match(outcome(await get(without)), /^400 InvalidToken: |^403 InvalidAccessKeyId: /)
  assert.match(
    outcome(await get({ ...session, sessionToken: foreign.sessionToken ?? '' })),
    /^400 InvalidToken: The provided token is malformed or otherwise invalid\./,
  )
  assert.match(
    outcome(await get({ ...session, secretAccessKey: 'wrong' })),
    /^403 SignatureDoesNotMatch: /,
  )
  assert.match(
    outcome(await get(session, { at: Date.now() - 20 * 60_000 })),
    /^403 RequestTimeTooSkewed: The difference between the request time and the current time is too large\./,
  )
  const changed = await it.signed({
    ...{ service: 's3', credentials: it.administrator, method: 'PUT' },
    ...{ target: `/${bucket}/tampered`, body: 'as signed' },
    sentBody: 'as swapped',
  })
  assert.match(outcome(changed), /^400 XAmzContentSHA256Mismatch: /)
  const host = new URL(it.lab.environment['AWS_ENDPOINT_URL'] ?? '').host
  const query = presignQuery({
    method: 'GET',
    rawPath: `/${bucket}/plain.txt`,
    headers: { host },
    region: 'ap-northeast-1',
    service: 's3',
    credentials: session,
    at: Date.now() - 120_000,
    expiresSeconds: 60,
  })
  const stale = await it.send({ target: `/${bucket}/plain.txt?${query}`, headers: { host } })
  assert.equal(outcome(stale), '403 AccessDenied: Request has expired')
})
