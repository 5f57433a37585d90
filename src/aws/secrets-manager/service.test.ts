/** Secrets that other services own, as the real aws command reads them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import type { SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { startTestGateway, type TestGateway, testAccount, testRegion } from '../gateway/testing.ts'
import { openSecretsManager, type SecretsManager } from './service.ts'

const database = 'arn:aws:rds:ap-northeast-1:111122223333:cluster:shop'
const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
const scope = { account: testAccount, region: testRegion }
let gateway: TestGateway
let secrets: SecretsManager
let arn: string
let name: string

const made = (value: string, at = clock.now()) =>
  secrets.managed.create({
    ...{ ...scope, owner: 'rds', kind: 'cluster', value, at },
    description: `The secret associated with the primary RDS DB cluster: ${database}`,
    tags: { 'aws:rds:primaryDBClusterArn': database },
  })

before(async () => {
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  secrets = openSecretsManager({ store })
  gateway = await startTestGateway({ services: [secrets.service], clock })
  arn = await made('{"password":"first"}')
  name = arn.slice(arn.indexOf(':secret:') + 8, -7)
})
after(() => gateway[Symbol.asyncDispose]())

// biome-ignore lint/suspicious/noExplicitAny: what the client prints has as many shapes as operations
async function secretsmanager(args: string[], keys?: SigningCredentials): Promise<any> {
  const command = ['secretsmanager', ...args, '--output', 'json']
  const { status, stdout, stderr } = await gateway.aws(command, keys && { credentials: keys })
  if (status !== 0) throw new Error(stderr.trim())
  return JSON.parse(stdout)
}

const get = (id: string, ...more: string[]) =>
  secretsmanager(['get-secret-value', '--secret-id', id, ...more])

test('a secret is found by name, by ARN, and by an ARN without its end', async () => {
  assert.match(arn, /:secret:rds!cluster-[0-9a-f-]{36}-[A-Za-z0-9]{6}$/)
  for (const id of [name, arn, arn.slice(0, -7)]) {
    const found = await get(id)
    assert.deepEqual(
      [found.ARN, found.Name, found.SecretString, found.VersionStages],
      [arn, name, '{"password":"first"}', ['AWSCURRENT']],
    )
  }
})

test('one that is not there, or is another’s, cannot be found', async () => {
  const elsewhere = [arn.replace(testAccount, '444455556666'), arn.replace(testRegion, 'eu-west-1')]
  for (const id of ['none', `${arn.slice(0, -6)}xxxxxx`, ...elsewhere]) {
    for (const operation of ['get-secret-value', 'describe-secret', 'list-secret-version-ids']) {
      await assert.rejects(
        secretsmanager([operation, '--secret-id', id]),
        /\(ResourceNotFoundException\).*Secrets Manager can't find the specified secret\.$/,
      )
    }
  }
})

test('after a rotation there are two versions, by stage and by id', async () => {
  await assert.rejects(
    get(name, '--version-stage', 'AWSPREVIOUS'),
    /can't find the specified secret value for staging label: AWSPREVIOUS\.$/,
  )
  const { VersionId: first } = await get(name)
  await secrets.managed.rotate(scope, arn, '{"password":"second"}', clock.now())
  assert.equal((await get(name)).SecretString, '{"password":"second"}')
  assert.equal((await get(name, '--version-id', first)).SecretString, '{"password":"first"}')
  const before = await get(name, '--version-stage', 'AWSPREVIOUS')
  assert.equal(before.VersionId, first)
  await assert.rejects(
    get(name, '--version-id', first, '--version-stage', 'AWSCURRENT'),
    /\(InvalidRequestException\).*not associated to the provided VersionId/,
  )
  const { Versions } = await secretsmanager(['list-secret-version-ids', '--secret-id', name])
  assert.deepEqual(
    Versions.map((version: { VersionStages: string[] }) => version.VersionStages),
    [['AWSCURRENT'], ['AWSPREVIOUS']],
  )
  await secrets.managed.rotate(scope, arn, '{"password":"third"}', clock.now())
  await assert.rejects(
    get(name, '--version-id', first),
    /secret value for VersionId: [0-9a-f-]{36}\.$/,
  )
})

test('describe-secret and list-secrets show all but the value', async () => {
  const described = await secretsmanager(['describe-secret', '--secret-id', name])
  assert.equal(described.OwningService, 'rds')
  assert.equal(
    described.Description,
    `The secret associated with the primary RDS DB cluster: ${database}`,
  )
  assert.deepEqual(described.Tags, [
    { Key: 'aws:secretsmanager:owningService', Value: 'rds' },
    { Key: 'aws:rds:primaryDBClusterArn', Value: database },
  ])
  assert.deepEqual(Object.values(described.VersionIdsToStages).flat().sort(), [
    'AWSCURRENT',
    'AWSPREVIOUS',
  ])
  const { SecretList } = await secretsmanager(['list-secrets'])
  assert.equal(SecretList[0].ARN, arn)
  assert.doesNotMatch(JSON.stringify([described, SecretList]), /third|SecretString/)
  const policy = await secretsmanager(['get-resource-policy', '--secret-id', name])
  assert.deepEqual(policy, { ARN: arn, Name: name })
})

test('list-secrets filters, sorts and pages', async () => {
  const later = await made('{}', clock.now() + 1000)
  const list = async (...args: string[]): Promise<string[]> =>
    (await secretsmanager(['list-secrets', ...args])).SecretList.map((s: { ARN: string }) => s.ARN)
  assert.deepEqual(await list('--page-size', '1'), [arn, later])
  assert.deepEqual(await list('--sort-order', 'desc'), [later, arn])
  const cases: [string, string[]][] = [
    ['Key=owning-service,Values=rds', [arn, later]],
    ['Key=owning-service,Values=!rds', []],
    [`Key=name,Values=${name}`, [arn]],
    [`Key=tag-value,Values=${database}`, [arn, later]],
    ['Key=tag-key,Values=none', []],
    ['Key=all,Values=The', [arn, later]],
  ]
  for (const [filter, expected] of cases) {
    assert.deepEqual(await list('--filters', filter), expected, filter)
  }
  for (const key of ['odd', 'constructor']) {
    const bad = `[{"Key":"${key}","Values":["x"]}]`
    await assert.rejects(list('--filters', bad), new RegExp(`InvalidParameterException.*${key}`))
  }
  await assert.rejects(
    list('--no-paginate', '--max-results', '101'),
    /\(ValidationException\).*maxResults/,
  )
  await assert.rejects(list('--no-paginate', '--next-token', 'x'), /\(InvalidNextTokenException\)/)
})

test('a secret is handed to those alone whose policies say so, by ARN, tag and stage', async () => {
  const keys = { accessKeyId: 'AKIATESTSECRETS00001', secretAccessKey: 'x'.repeat(40) }
  const allow = (Resource: string, Condition: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource, Condition },
      ],
    })
  const read = (...more: string[]) =>
    secretsmanager(['get-secret-value', '--secret-id', name, ...more], keys)
  gateway.identities.addUser('reader', keys)
  await assert.rejects(
    read(),
    /\(AccessDeniedException\).*user\/reader is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:.*because no identity-based policy allows/,
  )
  const stages = { StringEquals: { 'secretsmanager:VersionStage': 'AWSCURRENT' } }
  gateway.identities.addUser('reader', keys, allow(arn, stages))
  await read()
  await assert.rejects(read('--version-stage', 'AWSPREVIOUS'), /AccessDeniedException/)
  for (const [tag, allowed] of [
    ['aws:ResourceTag/aws:rds:primaryDBClusterArn', true],
    ['secretsmanager:ResourceTag/aws:rds:primaryDBClusterArn', true],
    ['aws:ResourceTag/team', false],
  ] as const) {
    const condition = { StringLike: { [tag]: database } }
    gateway.identities.addUser(
      'reader',
      keys,
      allow('arn:aws:secretsmanager:*:*:secret:rds!*', condition),
    )
    if (allowed) await read()
    else await assert.rejects(read(), /AccessDeniedException/)
  }
})

test('what is not here is refused by name', async () => {
  const create = ['create-secret', '--name', 'own', '--secret-string', 'x']
  await assert.rejects(
    secretsmanager(create),
    /Podpass does not implement secretsmanager:CreateSecret/,
  )
})

test('a secret is gone at once when its owner deletes it', async () => {
  await secrets.managed.delete(scope, arn)
  await secrets.managed.delete(scope, arn)
  await assert.rejects(get(name), /ResourceNotFoundException/)
})
