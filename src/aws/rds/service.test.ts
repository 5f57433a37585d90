import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { administrator, allowing } from '../gateway/testing.ts'
import { startTestRds, type TestRds } from './testing.ts'

let rds: TestRds
before(async () => {
  rds = await startTestRds()
})
after(() => rds[Symbol.asyncDispose]())

const master = ['--master-username', 'postgres', '--master-user-password', 'secret99']
const create = (name: string, ...more: string[]) =>
  rds.rdsCommand(
    ...['create-db-cluster', '--db-cluster-identifier', name, '--engine', 'aurora-postgresql'],
    ...master,
    ...more,
  )

async function refuses(error: RegExp, ...args: string[]): Promise<void> {
  await assert.rejects(rds.rdsCommand(...args), ({ message }: Error) => {
    assert.match(message, error)
    return true
  })
}

test('a cluster lives from creating to gone, and says of itself what AWS says', async () => {
  const { DBCluster: made } = await create(
    'Shop',
    ...['--enable-iam-database-authentication', '--database-name', 'app'],
    ...['--tags', 'Key=team,Value=blue', '--vpc-security-group-ids', 'sg-1', 'sg-2'],
  )
  assert.equal(made.Status, 'creating')
  assert.match(made.DbClusterResourceId, /^cluster-[A-Z0-9]{26}$/)
  assert.match(made.Endpoint, /^shop\.cluster-c[a-z0-9]{11}\.ap-northeast-1\.rds\.localhost$/)
  assert.match(made.ReaderEndpoint, /^shop\.cluster-ro-c[a-z0-9]{11}\./)
  assert.equal(made.DBClusterArn, 'arn:aws:rds:ap-northeast-1:111122223333:cluster:shop')
  assert.equal(made.IAMDatabaseAuthenticationEnabled, true)
  assert.deepEqual(made.TagList, [{ Key: 'team', Value: 'blue' }])
  assert.deepEqual(
    made.VpcSecurityGroups.map((g: { VpcSecurityGroupId: string }) => g.VpcSecurityGroupId),
    ['sg-1', 'sg-2'],
  )
  await rds.rdsCommand('wait', 'db-cluster-available', '--db-cluster-identifier', 'shop')
  const { DBClusters } = await rds.rdsCommand('describe-db-clusters')
  assert.deepEqual(DBClusters, [{ ...made, Status: 'available' }])
  const { DBClusterEndpoints } = await rds.rdsCommand(
    ...['describe-db-cluster-endpoints', '--db-cluster-identifier', 'shop'],
  )
  assert.deepEqual(
    DBClusterEndpoints.map((e: Record<string, string>) => [e['EndpointType'], e['Endpoint']]),
    [
      ['READER', made.ReaderEndpoint],
      ['WRITER', made.Endpoint],
    ],
  )
  const spec = [...rds.databases.running.values()][0]
  assert.equal(spec?.databaseName, 'app')
  assert.equal(spec?.masterPasswordVerifier, 'verifier of 8 characters')
  await rds.rdsCommand(
    ...['modify-db-cluster', '--db-cluster-identifier', 'shop', '--deletion-protection'],
    ...['--no-enable-iam-database-authentication', '--master-user-password', 'secret999'],
  )
  assert.equal([...rds.databases.running.values()][0]?.iamEnabled, false)
  const remove = ['delete-db-cluster', '--db-cluster-identifier', 'shop', '--skip-final-snapshot']
  await refuses(/InvalidParameterCombination.*Cannot delete protected Cluster/, ...remove)
  const shop = ['--db-cluster-identifier', 'shop']
  await rds.rdsCommand('modify-db-cluster', ...shop, '--no-deletion-protection')
  const { DBCluster: gone } = await rds.rdsCommand(...remove)
  assert.equal(gone.Status, 'deleting')
  assert.equal(rds.databases.running.size, 0)
  await refuses(
    /DBClusterNotFoundFault.*DBCluster shop not found\./,
    'describe-db-clusters',
    ...shop,
  )
})

test('instances are members: the oldest writes, the next takes over', async () => {
  await create('pair')
  const instance = (name: string, ...more: string[]) =>
    rds.rdsCommand(
      ...['create-db-instance', '--db-instance-identifier', name, '--engine', 'aurora-postgresql'],
      ...['--db-instance-class', 'db.r6g.large', '--db-cluster-identifier', 'pair', ...more],
    )
  const { DBInstance: first } = await instance('pair-1')
  assert.equal(first.DBInstanceStatus, 'creating')
  assert.match(first.DbiResourceId, /^db-[A-Z0-9]{26}$/)
  await rds.gateway.aws([
    'rds',
    'wait',
    'db-instance-available',
    '--db-instance-identifier',
    'pair-1',
  ])
  await instance('pair-2', '--promotion-tier', '0')
  const members = async () => {
    const { DBClusters } = await rds.rdsCommand(
      ...['describe-db-clusters', '--db-cluster-identifier', 'pair'],
    )
    return DBClusters[0].DBClusterMembers.map(
      (m: { DBInstanceIdentifier: string; IsClusterWriter: boolean }) =>
        `${m.DBInstanceIdentifier} ${m.IsClusterWriter ? 'writes' : 'reads'}`,
    )
  }
  const byAge = await members()
  assert.equal(byAge.filter((m: string) => m.endsWith('writes')).length, 1)
  const { DBInstances } = await rds.rdsCommand(
    ...['describe-db-instances', '--filters', 'Name=db-cluster-id,Values=pair'],
  )
  assert.deepEqual(
    DBInstances.map((i: { DBInstanceStatus: string }) => i.DBInstanceStatus),
    ['available', 'available'],
  )
  await refuses(
    /InvalidDBClusterStateFault.*still contains DB instances/,
    ...['delete-db-cluster', '--db-cluster-identifier', 'pair', '--skip-final-snapshot'],
  )
  await rds.rdsCommand('delete-db-instance', '--db-instance-identifier', 'pair-1')
  assert.deepEqual(await members(), ['pair-2 writes'])
  await refuses(
    /DBInstanceNotFound.*DBInstance pair-1 not found\./,
    ...['describe-db-instances', '--db-instance-identifier', 'pair-1'],
  )
})

test('what is not done here is refused in words, and never half done', async () => {
  const named = ['create-db-cluster', '--db-cluster-identifier', 'odd']
  const ours = [...named, '--engine', 'aurora-postgresql']
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [
      /InvalidParameterValue.*engine aurora-postgresql only, not aurora-mysql/,
      ...named,
      '--engine',
      'aurora-mysql',
      ...master,
    ],
    [
      /shorter than 8 characters/,
      ...ours,
      '--master-username',
      'postgres',
      '--master-user-password',
      'short',
    ],
    [
      /Only printable ASCII characters besides/,
      ...ours,
      '--master-username',
      'postgres',
      '--master-user-password',
      'with a space',
    ],
    [
      /MasterUsername rdsadmin cannot be used as it is a reserved word/,
      ...ours,
      '--master-username',
      'rdsadmin',
      '--master-user-password',
      'secret99',
    ],
    [
      /Cannot find version 99\.1 for aurora-postgresql/,
      ...ours,
      ...master,
      '--engine-version',
      '99.1',
    ],
    [/DBSubnetGroupNotFoundFault/, ...ours, ...master, '--db-subnet-group-name', 'none'],
    [
      /DBClusterParameterGroupNotFound/,
      ...ours,
      ...master,
      '--db-cluster-parameter-group-name',
      'none',
    ],
    [
      /not a valid identifier/,
      'create-db-cluster',
      '--db-cluster-identifier',
      'a--b',
      '--engine',
      'aurora-postgresql',
      ...master,
    ],
    [
      /FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot/,
      'delete-db-cluster',
      '--db-cluster-identifier',
      'pair',
    ],
    [
      /Podpass takes no snapshots/,
      'delete-db-cluster',
      '--db-cluster-identifier',
      'pair',
      '--final-db-snapshot-identifier',
      'last',
    ],
    [
      /DBClusterAlreadyExistsFault.*DB Cluster already exists/,
      'create-db-cluster',
      '--db-cluster-identifier',
      'PAIR',
      '--engine',
      'aurora-postgresql',
      ...master,
    ],
    [
      /NotImplemented.*Podpass does not implement rds:CreateDBSnapshot/,
      'create-db-snapshot',
      '--db-snapshot-identifier',
      's',
      '--db-instance-identifier',
      'i',
    ],
  ]
  for (const [error, ...args] of cases) await refuses(error, ...args)
  assert.equal((await rds.rdsCommand('describe-db-clusters')).DBClusters.length, 1)
})

test('without a PostgreSQL the refusal says how to get one, and nothing is left behind', async () => {
  rds.databases.broken = 'this machine has no PostgreSQL to start: install it'
  await assert.rejects(create('never'), /InsufficientDBInstanceCapacity.*install it/)
  const { DBEngineVersions } = await rds.rdsCommand('describe-db-engine-versions')
  assert.deepEqual(DBEngineVersions, [])
  rds.databases.broken = undefined
})

test('groups and tags are kept, and a group in use stays', async () => {
  const group = ['--db-subnet-group-name', 'Nets']
  await rds.rdsCommand(
    ...['create-db-subnet-group', ...group, '--db-subnet-group-description', 'ours'],
    ...['--subnet-ids', 'subnet-1', 'subnet-2'],
  )
  const parameters = ['--db-cluster-parameter-group-name', 'tuned']
  await rds.rdsCommand(
    ...['create-db-cluster-parameter-group', ...parameters, '--description', 'ours'],
    ...['--db-parameter-group-family', 'aurora-postgresql15'],
  )
  const { DBCluster } = await create('grouped', ...group, ...parameters)
  assert.equal(DBCluster.DBSubnetGroup, 'nets')
  await refuses(/InvalidDBSubnetGroupStateFault/, 'delete-db-subnet-group', ...group)
  await refuses(/InvalidDBParameterGroupState/, 'delete-db-cluster-parameter-group', ...parameters)
  const arn = DBCluster.DBClusterArn
  await rds.rdsCommand(
    'add-tags-to-resource',
    '--resource-name',
    arn,
    '--tags',
    'Key=a,Value=1',
    'Key=b,Value=2',
  )
  await rds.rdsCommand('remove-tags-from-resource', '--resource-name', arn, '--tag-keys', 'a')
  const { TagList } = await rds.rdsCommand('list-tags-for-resource', '--resource-name', arn)
  assert.deepEqual(TagList, [{ Key: 'b', Value: '2' }])
  const { DBSubnetGroups } = await rds.rdsCommand('describe-db-subnet-groups')
  assert.equal(DBSubnetGroups[0].Subnets.length, 2)
  await rds.rdsCommand(
    'delete-db-cluster',
    '--db-cluster-identifier',
    'grouped',
    '--skip-final-snapshot',
  )
  await rds.rdsCommand('delete-db-subnet-group', ...group)
  await refuses(/DBSubnetGroupNotFoundFault/, 'describe-db-subnet-groups', ...group)
})

test('parameter groups of clusters and of instances are made, listed and deleted', async () => {
  for (const kind of ['db-cluster-parameter-group', 'db-parameter-group']) {
    const name = [`--${kind}-name`, 'Own']
    const made = await rds.rdsCommand(
      ...[`create-${kind}`, ...name, '--description', 'ours'],
      ...['--db-parameter-group-family', 'aurora-postgresql15'],
    )
    const [member = '', group] = Object.entries<Record<string, string>>(made)[0] ?? []
    assert.equal(group?.[`${member}Name`], 'own')
    const listed = async (): Promise<readonly Record<string, string>[]> =>
      (await rds.rdsCommand(`describe-${kind}s`))[`${member}s`]
    assert.deepEqual(
      (await listed()).filter((other) => other[`${member}Name`] === 'own'),
      [group],
    )
    await rds.rdsCommand(`delete-${kind}`, ...name)
    await refuses(/DBParameterGroupNotFound/, `describe-${kind}s`, ...name)
  }
})

test('an instance changes its class, in place and under its name', async () => {
  await create('changing')
  const named = ['--db-instance-identifier', 'changing-1']
  await rds.rdsCommand(
    ...['create-db-instance', ...named, '--db-cluster-identifier', 'changing'],
    ...['--engine', 'aurora-postgresql', '--db-instance-class', 'db.t3.medium'],
  )
  const { DBInstance } = await rds.rdsCommand(
    ...['modify-db-instance', ...named, '--db-instance-class', 'db.serverless'],
  )
  assert.equal(DBInstance.DBInstanceClass, 'db.serverless')
  const renamed = ['--new-db-instance-identifier', 'other']
  await refuses(/does not rename DB instances/, 'modify-db-instance', ...named, ...renamed)
  await rds.rdsCommand('delete-db-instance', ...named)
  const cluster = ['--db-cluster-identifier', 'changing', '--skip-final-snapshot']
  await rds.rdsCommand('delete-db-cluster', ...cluster)
})

test('Terraform’s reads are answered', async () => {
  assert.deepEqual(await rds.rdsCommand('describe-global-clusters'), { GlobalClusters: [] })
  const versions = await rds.rdsCommand(
    'describe-db-engine-versions',
    '--engine',
    'aurora-postgresql',
  )
  assert.equal(versions.DBEngineVersions[0].EngineVersion, '15.18')
  const options = await rds.rdsCommand(
    ...['describe-orderable-db-instance-options', '--engine', 'aurora-postgresql'],
  )
  assert.ok(options.OrderableDBInstanceOptions.length > 0)
  const parameters = await rds.rdsCommand(
    ...['describe-db-cluster-parameters', '--db-cluster-parameter-group-name', 'tuned'],
  )
  assert.equal(parameters.Parameters[0].ParameterName, 'rds.force_ssl')
})

test('rights are asked for: by action, resource and tag', async () => {
  const { identities } = rds.gateway
  const reader = {
    accessKeyId: 'AKIATESTREADER000001',
    secretAccessKey: administrator.secretAccessKey,
  }
  const arn = 'arn:aws:rds:ap-northeast-1:111122223333:cluster:pair'
  identities.addUser('reader', reader, allowing('rds:DescribeDBClusters', arn))
  const as = (...args: string[]) => rds.gateway.aws(['rds', ...args], { credentials: reader })
  assert.equal((await as('describe-db-clusters', '--db-cluster-identifier', 'pair')).status, 0)
  const all = await as('describe-db-clusters')
  assert.match(
    all.stderr,
    /\(AccessDenied\).*user\/reader is not authorized to perform: rds:DescribeDBClusters on resource: arn:aws:rds:ap-northeast-1:111122223333:cluster:\*/,
  )
  assert.match(
    (await as('delete-db-cluster', '--db-cluster-identifier', 'pair', '--skip-final-snapshot'))
      .stderr,
    /not authorized to perform: rds:DeleteDBCluster/,
  )
})

test('after a restart what should run is started again', async () => {
  rds.databases.running.clear()
  await rds.rds.resume()
  assert.deepEqual(
    [...rds.databases.running.values()].map(({ identifier }) => identifier),
    ['pair'],
  )
})
