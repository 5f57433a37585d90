/** Terraform as the judge of Aurora: clusters, their instances and groups, made, imported, changed and destroyed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { noAurora } from './support/aurora.ts'
import { ok, startTestLab, type TestLab } from './support/lab.ts'
import { noTerraform, startTerraform } from './support/terraform.ts'

const skip = noTerraform() || noAurora()
let lab: TestLab
before(async () => {
  if (!skip) lab = await startTestLab()
})
after(() => lab?.[Symbol.asyncDispose]())

test('Terraform makes and imports clusters, changes all of them, and destroys what it made', {
  skip,
}, async (t) => {
  const imported = ['--db-cluster-identifier', 'tf-imported']
  ok(
    await lab.aws(
      ...['rds', 'create-db-cluster', ...imported, '--engine', 'aurora-postgresql'],
      ...['--master-username', 'postgres', '--master-user-password', 'secret99'],
    ),
  )
  const { environment } = lab
  const terraform = await startTerraform(t, { configuration: 'rds-terraform', environment })
  const made = await terraform.apply()
  assert.equal(made, '1 imported, 7 added, 0 changed, 0 destroyed')
  await terraform.expectNoChanges()
  const { version, address, ...others } = await terraform.outputs()
  assert.match(String(version), /^1\d\.\d+$/)
  assert.match(String(address), /^\S+:\d+$/)
  assert.deepEqual(others, { tokens: [true, false], master: 'postgres', writers: ['tf-db-0'] })

  const changed = ['-var', 'changed=true']
  assert.equal(await terraform.apply(...changed), '0 added, 6 changed, 0 destroyed')
  await terraform.expectNoChanges(...changed)
  assert.deepEqual((await terraform.outputs())['tokens'], [true, true])

  await terraform.run('state', 'rm', 'aws_rds_cluster.imported')
  const gone = await terraform.apply('-destroy', ...changed)
  assert.equal(gone, '0 added, 0 changed, 7 destroyed')
  const clusters = ['rds', 'describe-db-clusters', '--output', 'json']
  const { DBClusters } = JSON.parse(ok(await lab.aws(...clusters)).stdout)
  assert.deepEqual(
    DBClusters.map((cluster: Record<string, unknown>) => cluster['DBClusterIdentifier']),
    ['tf-imported'],
  )
})
