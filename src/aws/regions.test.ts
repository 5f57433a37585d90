import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { awsRegions, everyRegion, regionsOf } from './regions.ts'

/** The SDK's own table, which it does not export. */
const table = join(
  ...[import.meta.dirname, '..', '..', 'node_modules', '@aws-sdk', 'core', 'dist-es', 'submodules'],
  ...['client', 'util-endpoints', 'lib', 'aws', 'partitions.js'],
)

test("the regions are those of the SDK's partitions", async () => {
  const { partitionsInfo } = (await import(table)) as {
    partitionsInfo: { partitions: { regions: Record<string, unknown> }[] }
  }
  const regions = partitionsInfo.partitions.flatMap((partition) => Object.keys(partition.regions))
  // `aws-global` and its like are the SDK's names for endpoints without a region: no signature is scoped to them.
  const real = regions.filter((name) => !name.endsWith('-global'))
  assert.deepEqual([...awsRegions].sort(), real.sort())
})

test('an endpoint of one region takes its own, the global one, and those it is told of', () => {
  assert.deepEqual(regionsOf('eu-west-1', ['eu-west-3']), ['eu-west-1', 'us-east-1', 'eu-west-3'])
  assert.equal(everyRegion('lab-home-1')[0], 'lab-home-1')
})
