/** Bad input from real clients gets the error that AWS or Kubernetes gives: no 500, no stack trace, no crash. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type CommandResult, ok, startTestLab, type TestLab } from './support/lab.ts'

const trust = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1', '--with-oidc'))
})
after(async () => {
  const log = readFileSync(join(lab.home, 'podpass.log'), 'utf8')
  const bugs = log.split('\n').filter((line) => /"level":50/.test(line))
  assert.deepEqual(bugs, [], 'the log holds no error of the lab itself')
  await lab[Symbol.asyncDispose]()
})

/** A command that must fail with this text, and not by an error of the server. */
function fails(result: CommandResult, error: RegExp): void {
  assert.notEqual(result.code, 0, result.stdout)
  assert.match(result.stderr, error)
  assert.doesNotMatch(result.stderr, /InternalFailure|InternalError|ServiceException|\.ts:\d+/)
}

const apply = (manifest: string) => lab.run('kubectl', ['apply', '-f', '-'], { input: manifest })

test('malformed manifests are refused as Kubernetes refuses them', async () => {
  fails(await apply('{"kind": "Pod"'), /error parsing STDIN/)
  fails(
    await apply('{"apiVersion":"v1","kind":"Pot","metadata":{"name":"x"}}'),
    /no matches for kind "Pot" in version "v1"/,
  )
  fails(
    await apply(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[]}}',
    ),
    /The Pod "x" is invalid: spec\.containers: Required value/,
  )
  fails(
    await apply(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"Bad_Name"},"spec":{"containers":[{"name":"a","image":"busybox"}]}}',
    ),
    /metadata\.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain/,
  )
  fails(
    await apply(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"busybox","foo":1}]}}',
    ),
    /unknown field "spec\.containers\[0\]\.foo"/,
  )
  fails(
    await apply(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"serviceAccountName":"none","containers":[{"name":"a","image":"busybox"}]}}',
    ),
    /pods "x" is forbidden: error looking up service account default\/none: serviceaccount "none" not found/,
  )
  fails(await lab.kubectl('get', 'pod', 'none'), /pods "none" not found/)
  fails(await lab.kubectl('-n', 'none', 'create', 'sa', 'x'), /namespaces "none" not found/)
})

test('clients with a wrong CA, a wrong certificate or no credentials do not get in', async () => {
  const wrong = join(lab.home, '..', 'wrong-ca.pem')
  const kubeconfig = readFileSync(join(lab.home, 'kubeconfig'), 'utf8')
  const caData = /certificate-authority-data: (\S+)/.exec(kubeconfig)?.[1] ?? ''
  writeFileSync(wrong, Buffer.from(caData, 'base64'))
  const aws = await lab.run('aws', ['s3', 'ls'], {
    environment: { ...lab.environment, AWS_CA_BUNDLE: wrong },
  })
  fails(aws, /SSL validation failed/)
  const server = /server: (\S+)/.exec(kubeconfig)?.[1] ?? ''
  const bare = ['--kubeconfig=/dev/null', `--server=${server}`]
  fails(
    await lab.kubectl(...bare, 'get', 'pods', '--token=x'),
    /certificate signed by unknown authority/,
  )
  const ca = `--certificate-authority=${wrong}`
  fails(
    await lab.kubectl(...bare, ca, 'get', 'pods', '--token=x'),
    /You must be logged in to the server/,
  )
})

test('wrong, deactivated and deleted keys are refused in each service’s words', async () => {
  const as = (accessKeyId: string, secret: string, ...args: string[]) =>
    lab.run('aws', args, {
      environment: {
        ...lab.environment,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secret,
      },
    })
  const id = lab.environment['AWS_ACCESS_KEY_ID'] ?? ''
  fails(
    await as(id, 'wrong', 's3', 'ls'),
    /\(SignatureDoesNotMatch\) when calling the ListBuckets operation/,
  )
  fails(await as(id, 'wrong', 'sts', 'get-caller-identity'), /\(SignatureDoesNotMatch\)/)
  fails(await as('AKIAAAAAAAAAAAAAAAAA', 'x', 's3', 'ls'), /\(InvalidAccessKeyId\)/)
  fails(await as('AKIAAAAAAAAAAAAAAAAA', 'x', 'iam', 'list-roles'), /\(InvalidClientTokenId\)/)
  ok(await lab.aws('iam', 'create-user', '--user-name', 'temp'))
  const made = ok(
    await lab.aws('iam', 'create-access-key', '--user-name', 'temp', '--output', 'json'),
  )
  const { AccessKey } = JSON.parse(made.stdout) as {
    AccessKey: { AccessKeyId: string; SecretAccessKey: string }
  }
  const whoami = () =>
    as(AccessKey.AccessKeyId, AccessKey.SecretAccessKey, 'sts', 'get-caller-identity')
  ok(await whoami())
  const key = ['--user-name', 'temp', '--access-key-id', AccessKey.AccessKeyId]
  ok(await lab.aws('iam', 'update-access-key', ...key, '--status', 'Inactive'))
  fails(await whoami(), /\(InvalidClientTokenId\)/)
  ok(await lab.aws('iam', 'delete-access-key', ...key))
  fails(await whoami(), /\(InvalidClientTokenId\)/)
})

test('roles that trust nobody or nothing sensible are refused when they are made', async () => {
  const create = (document: string) =>
    lab.aws('iam', 'create-role', '--role-name', 'bad', '--assume-role-policy-document', document)
  fails(await create('{'), /\(MalformedPolicyDocument\)/)
  fails(
    await create(trust({ Effect: 'Allow', Action: 'sts:AssumeRole' })),
    /\(MalformedPolicyDocument\)/,
  )
  const unknown = { AWS: 'arn:aws:iam::111122223333:role/nobody' }
  fails(
    await create(trust({ Effect: 'Allow', Principal: unknown, Action: 'sts:AssumeRole' })),
    /\(MalformedPolicyDocument\).*Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role\/nobody"/,
  )
})

test('a tampered token buys nothing', async () => {
  ok(await lab.kubectl('create', 'sa', 'app'))
  const args = ['create', 'token', 'app', '--audience=sts.amazonaws.com']
  const token = ok(await lab.kubectl(...args)).stdout.trim()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
  const forged = Buffer.from(
    JSON.stringify({ ...claims, sub: 'system:serviceaccount:default:admin' }),
  ).toString('base64url')
  const issuer = ok(await lab.podpass('get', 'cluster', 'irsa', '-o', 'json')).stdout
  const provider = /"issuer": "https:\/\/([^"]+)"/.exec(issuer)?.[1] ?? ''
  const principal = { Federated: `arn:aws:iam::111122223333:oidc-provider/${provider}` }
  const document = trust({
    Effect: 'Allow',
    Principal: principal,
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${provider}:aud`]: 'sts.amazonaws.com' } },
  })
  ok(
    await lab.aws(
      'iam',
      'create-role',
      '--role-name',
      'open',
      '--assume-role-policy-document',
      document,
    ),
  )
  const trade = (text: string) =>
    lab.aws(
      ...['sts', 'assume-role-with-web-identity', '--role-session-name', 'test'],
      ...['--role-arn', 'arn:aws:iam::111122223333:role/open', '--web-identity-token', text],
    )
  ok(await trade(token))
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  for (const bad of [
    `${header}.${forged}.${signature}`,
    `${none}.${forged}.`,
    'not-a-token',
    `${token}x`,
  ]) {
    fails(
      await trade(bad),
      /\(InvalidIdentityToken\) when calling the AssumeRoleWithWebIdentity operation/,
    )
  }
})
