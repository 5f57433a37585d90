/** The master user's password in Secrets Manager: made up, rotated, taken back, and gone with its cluster. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { allowing } from '../gateway/testing.ts'
import { newMasterPassword } from './master-secret.ts'
import { startTestRds, type TestRds } from './testing.ts'

let rds: TestRds
const arn = 'arn:aws:rds:ap-northeast-1:111122223333:cluster:shop'
const cluster = ['--db-cluster-identifier', 'shop']
const create = [
  ...['create-db-cluster', ...cluster, '--engine', 'aurora-postgresql'],
  ...['--master-username', 'postgres'],
]
const modify = ['modify-db-cluster', ...cluster]
const managed = '--manage-master-user-password'
const given = ['--master-user-password', 'secret99']
const rotate = ['--rotate-master-user-password', '--apply-immediately']

before(async () => {
  rds = await startTestRds()
})
after(() => rds[Symbol.asyncDispose]())

const refuses = (error: RegExp, ...args: string[]) => assert.rejects(rds.rdsCommand(...args), error)
const values = () => [...rds.secrets.values.values()]

test('a password that is made up is one that RDS takes, and never the same', () => {
  const made = Array.from({ length: 200 }, newMasterPassword)
  for (const password of made) assert.match(password, /^[!-~]{28}$/)
  for (const password of made) assert.doesNotMatch(password, /[/"@'&%$`\\]/)
  assert.equal(new Set(made).size, made.length)
})

test('words that contradict each other are refused, and leave no secret', async () => {
  const cases: [RegExp, ...string[]][] = [
    [/MasterUserPassword can not be specified when/, ...create, managed, ...given],
    [
      /valid only with ManageMasterUserPassword/,
      ...create,
      ...given,
      '--master-user-secret-kms-key-id',
      'k',
    ],
    [/The port 0|Invalid database port/, ...create, managed, '--port', '1'],
  ]
  for (const [error, ...args] of cases) await refuses(error, ...args)
  assert.deepEqual(values(), [])
})

test('a cluster is made with a secret that it shows', async () => {
  const { DBCluster } = await rds.rdsCommand(...create, managed)
  const [SecretArn] = rds.secrets.values.keys()
  const KmsKeyId = 'arn:aws:kms:ap-northeast-1:111122223333:alias/aws/secretsmanager'
  assert.deepEqual(DBCluster.MasterUserSecret, { SecretArn, SecretStatus: 'active', KmsKeyId })
  const [[value = ''] = []] = values()
  assert.match(value, /^\{"username":"postgres","password":"[^"]{28}"\}$/)
  assert.equal(rds.databases.running.get(arn)?.masterPasswordVerifier, 'verifier of 28 characters')
  await refuses(/DBClusterAlreadyExists/, ...create, managed)
  assert.equal(values().length, 1)
})

test('it is rotated when asked to, at once; a password cannot be given beside it', async () => {
  await refuses(/applied immediately/, ...modify, '--rotate-master-user-password')
  await refuses(/can not be specified when/, ...modify, ...given)
  await rds.rdsCommand(...modify, ...rotate)
  const [[now, before] = []] = values()
  assert.ok(now && before && now !== before)
})

test('given back, the secret is gone, and can be had again', async () => {
  const off = `--no-${managed.slice(2)}`
  await refuses(/MasterUserPassword must be specified when/, ...modify, off)
  const { DBCluster } = await rds.rdsCommand(...modify, off, ...given)
  assert.equal(DBCluster.MasterUserSecret, undefined)
  assert.deepEqual(values(), [])
  assert.equal(rds.databases.running.get(arn)?.masterPasswordVerifier, 'verifier of 8 characters')
  await refuses(/valid only if the master user password is managed/, ...modify, ...rotate)
  const again = await rds.rdsCommand(...modify, managed, '--master-user-secret-kms-key-id', 'key-1')
  assert.equal(again.DBCluster.MasterUserSecret.KmsKeyId, 'key-1')
  assert.equal(values().length, 1)
})

test('it takes leave to make and to rotate secrets, besides that of RDS', async () => {
  const keys = { accessKeyId: 'AKIATESTRDS000000001', secretAccessKey: 'x'.repeat(40) }
  rds.gateway.identities.addUser('operator', keys, allowing('rds:*'))
  const as = async (...args: string[]) =>
    (await rds.gateway.aws(['rds', ...args], { credentials: keys })).stderr
  const other = create.map((word) => (word === 'shop' ? 'other' : word))
  assert.match(
    await as(...other, managed),
    /not authorized to perform: secretsmanager:CreateSecret/,
  )
  assert.match(await as(...modify, ...rotate), /secretsmanager:RotateSecret on resource: arn:aws/)
  assert.equal(values().length, 1)
})

test('the secret goes with its cluster', async () => {
  await rds.rdsCommand('delete-db-cluster', ...cluster, '--skip-final-snapshot')
  assert.deepEqual(values(), [])
})
