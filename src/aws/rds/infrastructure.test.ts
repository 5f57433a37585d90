/** What infrastructure as code asks of clusters, instances and groups: all that was set is found again, and can be changed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestRds, type TestRds } from './testing.ts'

let rds: TestRds
const cluster = ['--db-cluster-identifier', 'shop']
const instance = ['--db-instance-identifier', 'shop-1']
const arn = 'arn:aws:rds:ap-northeast-1:111122223333'

before(async () => {
  rds = await startTestRds()
  await rds.rdsCommand(
    ...['create-db-cluster', ...cluster, '--engine', 'aurora-postgresql', '--storage-encrypted'],
    ...['--master-username', 'postgres', '--master-user-password', 'secret99'],
    ...['--kms-key-id', 'arn:aws:kms:ap-northeast-1:111122223333:key/k'],
    ...['--storage-type', 'aurora-iopt1', '--enable-cloudwatch-logs-exports', 'postgresql'],
  )
})
after(() => rds[Symbol.asyncDispose]())

async function refuses(error: RegExp, ...args: string[]): Promise<void> {
  await assert.rejects(rds.rdsCommand(...args), ({ message }: Error) => {
    assert.match(message, error)
    return true
  })
}

const shown = async () => (await rds.rdsCommand('describe-db-clusters', ...cluster)).DBClusters[0]
const shownInstance = async () =>
  (await rds.rdsCommand('describe-db-instances', ...instance)).DBInstances[0]

test('storage, key and logs of a cluster are kept; logs can be changed', async () => {
  const made = await shown()
  assert.deepEqual(
    [made.StorageType, made.KmsKeyId, made.EnabledCloudwatchLogsExports],
    ['aurora-iopt1', 'arn:aws:kms:ap-northeast-1:111122223333:key/k', ['postgresql']],
  )
  const logs = { EnableLogTypes: ['instance'], DisableLogTypes: ['postgresql'] }
  const modify = ['modify-db-cluster', ...cluster, '--apply-immediately']
  await rds.rdsCommand(
    ...[...modify, '--storage-type', 'aurora'],
    ...['--cloudwatch-logs-export-configuration', JSON.stringify(logs)],
  )
  const changed = await shown()
  assert.deepEqual(changed.EnabledCloudwatchLogsExports, ['instance'])
  assert.equal(changed.StorageType, 'aurora')
  await refuses(
    /InvalidParameterCombination.*You cannot use the log types 'audit'/,
    ...[...modify, '--cloudwatch-logs-export-configuration', '{"EnableLogTypes":["audit"]}'],
  )
})

test('parameters that were set are the user’s, others the system’s; they can be set back', async () => {
  for (const kind of ['db-cluster-parameter-group', 'db-parameter-group']) {
    const isCluster = kind.startsWith('db-cluster')
    const list = isCluster ? 'describe-db-cluster-parameters' : 'describe-db-parameters'
    const name = [`--${kind}-name`, 'Tuned']
    await rds.rdsCommand(
      ...[`create-${kind}`, ...name, '--description', 'ours'],
      ...['--db-parameter-group-family', 'aurora-postgresql15'],
    )
    const parameters = async (source: string): Promise<string[]> => {
      const { Parameters } = await rds.rdsCommand(list, ...name, '--source', source)
      return Parameters.map(
        (p: Record<string, string>) =>
          `${p['ParameterName']}=${p['ParameterValue']} ${p['ApplyMethod']} ${p['Source']}`,
      )
    }
    assert.deepEqual(await parameters('user'), [])
    assert.deepEqual(await parameters('system'), ['rds.force_ssl=1 immediate system'])
    const set = (...values: string[]) =>
      rds.rdsCommand(`modify-${kind}`, ...name, '--parameters', ...values)
    const answer = await set(
      'ParameterName=log_statement,ParameterValue=all,ApplyMethod=immediate',
      'ParameterName=rds.force_ssl,ParameterValue=1,ApplyMethod=pending-reboot',
    )
    assert.deepEqual(Object.values(answer), ['tuned'])
    assert.deepEqual(await parameters('user'), [
      'log_statement=all immediate user',
      'rds.force_ssl=1 pending-reboot user',
    ])
    assert.deepEqual(await parameters('system'), [])
    await assert.rejects(
      set('ParameterName=rds.force_ssl,ParameterValue=0,ApplyMethod=immediate'),
      /InvalidParameterValue.*cannot set rds\.force_ssl to 0/,
    )
    await assert.rejects(
      set('ParameterName=no such,ParameterValue=0,ApplyMethod=immediate'),
      /Could not find parameter with name: no such/,
    )
    const reset = [`reset-${kind}`, ...name]
    await rds.rdsCommand(...reset, '--parameters', 'ParameterName=log_statement')
    assert.deepEqual(await parameters('user'), ['rds.force_ssl=1 pending-reboot user'])
    await rds.rdsCommand(...reset, '--reset-all-parameters')
    assert.deepEqual(await parameters('user'), [])
    await refuses(/DBParameterGroupNotFound/, list, `--${kind}-name`, 'none')
    const usual = [`--${kind}-name`, 'default.aurora-postgresql15']
    await refuses(
      /InvalidDBParameterGroupState.*default parameter group/,
      ...[`reset-${kind}`, ...usual, '--reset-all-parameters'],
    )
  }
})

test('a subnet group changes its subnets and its description', async () => {
  const name = ['--db-subnet-group-name', 'Nets']
  await rds.rdsCommand(
    ...['create-db-subnet-group', ...name, '--db-subnet-group-description', 'ours'],
    ...['--subnet-ids', 'subnet-1', 'subnet-2'],
  )
  const { DBSubnetGroup } = await rds.rdsCommand(
    ...['modify-db-subnet-group', ...name, '--subnet-ids', 'subnet-3', 'subnet-4'],
    ...['--db-subnet-group-description', 'theirs'],
  )
  assert.equal(DBSubnetGroup.DBSubnetGroupDescription, 'theirs')
  assert.deepEqual(
    DBSubnetGroup.Subnets.map((s: { SubnetIdentifier: string }) => s.SubnetIdentifier),
    ['subnet-3', 'subnet-4'],
  )
  await refuses(
    /DBSubnetGroupNotFoundFault/,
    ...['modify-db-subnet-group', '--db-subnet-group-name', 'none', '--subnet-ids', 'subnet-1'],
  )
})

test('what an instance was given is shown, and changed', async () => {
  const create = (...more: string[]) =>
    rds.rdsCommand(
      ...['create-db-instance', ...instance, ...cluster, '--engine', 'aurora-postgresql'],
      ...['--db-instance-class', 'db.r6g.large', ...more],
    )
  await assert.rejects(create('--db-parameter-group-name', 'none'), /DBParameterGroupNotFound/)
  await assert.rejects(create('--monitoring-interval', '30'), /MonitoringRoleARN value is required/)
  await create(
    ...['--db-parameter-group-name', 'Tuned', '--ca-certificate-identifier', 'rds-ca-ecc384-g1'],
    ...['--preferred-maintenance-window', 'mon:01:00-mon:02:00', '--copy-tags-to-snapshot'],
  )
  const made = await shownInstance()
  assert.equal(made.DBParameterGroups[0].DBParameterGroupName, 'tuned')
  assert.equal(made.CACertificateIdentifier, 'rds-ca-ecc384-g1')
  assert.equal(made.PreferredMaintenanceWindow, 'mon:01:00-mon:02:00')
  assert.equal(made.CopyTagsToSnapshot, true)
  assert.equal(made.DBSubnetGroup.DBSubnetGroupName, 'default')
  const group = ['--db-parameter-group-name', 'Tuned']
  await refuses(/InvalidDBParameterGroupState/, 'delete-db-parameter-group', ...group)
  const monitored = ['--monitoring-interval', '60', '--monitoring-role-arn']
  await rds.rdsCommand(
    ...['modify-db-instance', ...instance, ...monitored, 'arn:aws:iam::111122223333:role/m'],
    ...['--enable-performance-insights', '--performance-insights-retention-period', '31'],
    ...['--db-parameter-group-name', 'default.aurora-postgresql15'],
  )
  const changed = await shownInstance()
  assert.deepEqual(
    [changed.MonitoringInterval, changed.MonitoringRoleArn],
    [60, 'arn:aws:iam::111122223333:role/m'],
  )
  assert.deepEqual(
    [changed.PerformanceInsightsEnabled, changed.PerformanceInsightsRetentionPeriod],
    [true, 31],
  )
  await rds.rdsCommand('delete-db-parameter-group', ...group)
  await refuses(
    /CertificateNotFound/,
    ...['modify-db-instance', ...instance, '--ca-certificate-identifier', 'rds-ca-2019'],
  )
})

test('roles of a cluster are added and removed', async () => {
  const role = ['--role-arn', 'arn:aws:iam::111122223333:role/import', '--feature-name', 's3Import']
  await rds.rdsCommand('add-role-to-db-cluster', ...cluster, ...role)
  assert.deepEqual((await shown()).AssociatedRoles, [
    { RoleArn: role[1], Status: 'ACTIVE', FeatureName: 's3Import' },
  ])
  await refuses(/DBClusterRoleAlreadyExists/, 'add-role-to-db-cluster', ...cluster, ...role)
  await rds.rdsCommand('remove-role-from-db-cluster', ...cluster, ...role)
  assert.deepEqual((await shown()).AssociatedRoles, [])
  await refuses(/DBClusterRoleNotFound/, 'remove-role-from-db-cluster', ...cluster, ...role)
})

test('a cluster stops and starts, and stays stopped after a restart of the lab', async () => {
  await refuses(
    /InvalidDBClusterStateFault.*DbCluster shop is not in stopped state\./,
    ...['start-db-cluster', ...cluster],
  )
  const { DBInstance } = await rds.rdsCommand('reboot-db-instance', ...instance)
  assert.equal(DBInstance.DBInstanceStatus, 'rebooting')
  assert.equal((await shown()).Status, 'available')
  await rds.rdsCommand('stop-db-cluster', ...cluster)
  assert.equal((await shown()).Status, 'stopped')
  assert.equal((await shownInstance()).DBInstanceStatus, 'stopped')
  assert.equal(rds.databases.running.size, 0)
  await refuses(
    /InvalidDBClusterStateFault.*DbCluster shop is not in available state\./,
    ...['stop-db-cluster', ...cluster],
  )
  await refuses(/InvalidDBInstanceState/, 'reboot-db-instance', ...instance)
  await rds.rds.resume()
  assert.equal(rds.databases.running.size, 0)
  await rds.rdsCommand('start-db-cluster', ...cluster)
  assert.equal((await shown()).Status, 'available')
  assert.equal(rds.databases.running.size, 1)
  for (const verb of ['start', 'stop']) {
    const unknown = ['--db-cluster-identifier', 'none']
    await refuses(
      /DBClusterNotFoundFault.*DBCluster none not found/,
      `${verb}-db-cluster`,
      ...unknown,
    )
  }
})

test('what is named joins the filter for identifiers; others narrow it', async () => {
  await rds.rdsCommand(
    ...['create-db-instance', '--db-instance-identifier', 'shop-2', ...cluster],
    ...['--engine', 'aurora-postgresql', '--db-instance-class', 'db.r6g.large'],
  )
  const names = async (...args: string[]): Promise<string[]> =>
    (await rds.rdsCommand('describe-db-instances', ...args)).DBInstances.map(
      (one: { DBInstanceIdentifier: string }) => one.DBInstanceIdentifier,
    )
  const by = (...values: string[]) => ['--filters', ...values]
  assert.deepEqual(await names(...by(`Name=db-instance-id,Values=${arn}:db:shop-2`)), ['shop-2'])
  const second = 'Name=db-instance-id,Values=shop-2'
  assert.deepEqual(await names(...instance, ...by(second)), ['shop-1', 'shop-2'])
  const none = ['--db-instance-identifier', 'none']
  assert.deepEqual(await names(...none, ...by(second)), ['shop-2'])
  await refuses(
    /DBInstanceNotFound.*DBInstance shop-1 not found\./,
    ...['describe-db-instances', ...instance, ...by('Name=engine,Values=mysql')],
  )
  await refuses(
    /InvalidParameterValue.*Unrecognized filter name: odd/,
    ...['describe-db-instances', ...by('Name=odd,Values=x')],
  )
  await refuses(
    /InvalidParameterValue.*Unrecognized filter name: constructor/,
    ...['describe-db-instances', ...by('Name=constructor,Values=x')],
  )
  await refuses(
    /InvalidParameterCombination.*must not be empty/,
    ...['describe-db-instances', '--filters', '[{"Name":"engine","Values":[]}]'],
  )
})

test('a failover makes a reader the writer, by tier or by name', async () => {
  const failover = ['failover-db-cluster', ...cluster]
  const members = async () => {
    const { DBClusterMembers } = await shown()
    const [first, ...others] = DBClusterMembers as {
      DBInstanceIdentifier: string
      IsClusterWriter: boolean
    }[]
    assert.equal(first?.IsClusterWriter, true)
    assert.ok(others.every(({ IsClusterWriter }) => !IsClusterWriter))
    return [first, ...others].map((member) => member?.DBInstanceIdentifier)
  }
  assert.deepEqual(await members(), ['shop-1', 'shop-2'])
  await rds.rdsCommand(...failover)
  assert.deepEqual(await members(), ['shop-2', 'shop-1'])
  await rds.rdsCommand(...failover, '--target-db-instance-identifier', 'shop-1')
  assert.deepEqual(await members(), ['shop-1', 'shop-2'])
  await refuses(
    /InvalidDBInstanceState.*is the writer already/,
    ...[...failover, '--target-db-instance-identifier', 'shop-1'],
  )
  await refuses(/DBInstanceNotFound/, ...[...failover, '--target-db-instance-identifier', 'shop-3'])
  await rds.rdsCommand('delete-db-instance', '--db-instance-identifier', 'shop-2')
  await refuses(/InvalidDBClusterStateFault.*has no reader/, ...failover)
})
