/** A lab with several accounts, and the signing keys of its issuers, by the command line and the real `aws`. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ok, startTestLab, type TestLab } from './support/lab.ts'

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

interface Made {
  readonly account: string
  readonly rootKeys: Keys
  readonly administratorKeys: Keys
}

let lab: TestLab
before(async () => {
  lab = await startTestLab()
})
after(() => lab[Symbol.asyncDispose]())

const awsAs = (keys: Keys, ...args: string[]) =>
  lab.run('aws', args, {
    environment: {
      ...lab.environment,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
  })

test('each account has its own root user, administrator and roles; a role lets another account in', async () => {
  const create = ['create', 'account', '--id', '444455556666', '--name', 'partner', '-o', 'json']
  const made = JSON.parse(ok(await lab.podpass(...create)).stdout) as Made
  assert.equal(made.account, '444455556666')
  assert.equal('created' in made, false)
  const identity = async (keys: Keys) =>
    JSON.parse(ok(await awsAs(keys, 'sts', 'get-caller-identity')).stdout).Arn
  assert.equal(await identity(made.rootKeys), 'arn:aws:iam::444455556666:root')
  const administrator = 'arn:aws:iam::444455556666:user/administrator'
  assert.equal(await identity(made.administratorKeys), administrator)
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: administrator }, Action: 'sts:AssumeRole' },
  })
  const role = ['iam', 'create-role', '--role-name', 'visitors']
  ok(await lab.aws(...role, '--assume-role-policy-document', trust))
  const arn = 'arn:aws:iam::111122223333:role/visitors'
  const assume = ['sts', 'assume-role', '--role-arn', arn, '--role-session-name', 'test']
  ok(await awsAs(made.administratorKeys, ...assume))
  assert.match((await awsAs(made.administratorKeys, 'iam', 'list-roles')).stdout, /"Roles": \[\]/)
})

test('an account that is there, or an id that is none, is refused in words', async () => {
  const free = JSON.parse(ok(await lab.podpass('create', 'account', '-o', 'json')).stdout) as Made
  assert.match(free.account, /^\d{12}$/)
  const again = await lab.podpass('create', 'account', '--id', free.account)
  assert.equal(again.code, 1)
  assert.equal(again.stderr, `error: account \`${free.account}\` is there already\n`)
  const wrong = await lab.podpass('create', 'account', '--id', '12')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^error: `12` is no account id\n +an account id has 12 digits/)
  const named = await lab.podpass('create', 'account', '--name', 'a\nb')
  assert.match(named.stderr, /is no name of an account/)
})

test('tokens of the old key are good until it is retired', async () => {
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1', '--with-oidc'))
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--cluster', 'irsa']
  ok(await lab.podpass(...create, '--attach-policy-arn', policy, '--approve'))
  const issuer = async (...args: string[]) => {
    const { stdout } = ok(await lab.podpass('issuer', ...args, '--cluster', 'irsa', '-o', 'json'))
    return (JSON.parse(stdout) as { keys: { kid: string; state: string }[] }).keys
  }
  const newToken = async () =>
    ok(await lab.kubectl('create', 'token', 'my-sa', '--audience', 'sts.amazonaws.com')).stdout
  const role = ok(
    await lab.kubectl(
      ...['get', 'sa', 'my-sa', '-o'],
      'jsonpath={.metadata.annotations.eks\\.amazonaws\\.com/role-arn}',
    ),
  ).stdout
  const assume = (token: string) =>
    lab.aws(
      ...[
        'sts',
        'assume-role-with-web-identity',
        '--role-arn',
        role,
        '--role-session-name',
        'test',
      ],
      ...['--web-identity-token', token],
    )
  const [old] = await issuer('keys')
  const before = await newToken()
  ok(await assume(before))
  const rotated = await issuer('rotate')
  assert.deepEqual(
    rotated.map(({ state }) => state),
    ['trusted', 'signing'],
  )
  ok(await assume(await newToken()))
  ok(await assume(before))
  const kid = old?.kid ?? ''
  const wrong = await lab.podpass('issuer', 'retire', '--cluster', 'irsa', '--kid', 'none')
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /^error: no key `none`\n +its keys: +podpass issuer keys/)
  const left = await issuer('retire', '--kid', kid)
  assert.equal(left.length, 1)
  const refused = await assume(before)
  assert.match(refused.stderr, /InvalidIdentityToken/)
  ok(await assume(await newToken()))
  const nobody = await lab.podpass('issuer', 'keys', '--cluster', 'none')
  assert.match(nobody.stderr, /^error: no cluster `none` runs$/m)
})
