import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCluster } from '../../../../test/support/cluster.ts'
import { jobs } from '../../resources.ts'
import {
  countCommon,
  countIndexes,
  formatIndexes,
  freeIndexes,
  parseIndexes,
  withIndexes,
} from './job-indexes.ts'

const template = (more: object = {}, metadata: object = {}) => ({
  metadata,
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'app:1' }], ...more },
})
const job = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { template: template(), ...spec },
})

test('the server fills a Job in and makes its selector', async () => {
  await using cluster = await openCluster()
  const made = await cluster.client.create(jobs, 'default', job('a'))
  const { uid } = made.metadata
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': 'a',
    'controller-uid': uid,
    'job-name': 'a',
  }
  const { template: filled, ...spec } = made['spec']
  assert.deepEqual(spec, {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
  })
  assert.deepEqual(filled.metadata.labels, labels)
  assert.deepEqual(made.metadata.labels, labels)
  assert.equal(made.metadata.generation, 1)
})

test('a Job whose name is generated has that name in its labels', async () => {
  await using cluster = await openCluster()
  const { spec } = job('')
  const made = await cluster.client.create(jobs, 'default', {
    metadata: { generateName: 'run-' },
    spec: { ...spec, parallelism: 2 },
  })
  assert.match(made.metadata.name, /^run-[a-z0-9]{5}$/)
  assert.equal(made['spec'].template.metadata.labels['job-name'], made.metadata.name)
  assert.equal(made['spec'].completions, undefined)
})

test('what is wrong with a Job is told in the words of Kubernetes', async () => {
  await using cluster = await openCluster()
  const refused = (spec: object, message: string | RegExp, name = 'a') =>
    assert.rejects(cluster.client.create(jobs, 'default', job(name, spec)), { message })
  const invalid = (text: string) => `Job.batch "a" is invalid: ${text}`
  const restart = 'spec.template.spec.restartPolicy: '
  await refused(
    { template: template({ restartPolicy: undefined }) },
    invalid(`${restart}Required value: valid values: "OnFailure", "Never"`),
  )
  await refused(
    { template: template({ restartPolicy: 'Always' }) },
    invalid(`${restart}Required value: valid values: "OnFailure", "Never"`),
  )
  await refused(
    { parallelism: -1 },
    invalid('spec.parallelism: Invalid value: -1: must be greater than or equal to 0'),
  )
  await refused(
    { completionMode: 'Indexed', parallelism: 1 },
    invalid('spec.completions: Required value: when completion mode is Indexed'),
  )
  await refused(
    { completionMode: 'Some' },
    invalid(
      'spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"',
    ),
  )
  await refused(
    { template: template({}, { labels: { 'job-name': 'b' } }) },
    /spec\.template\.metadata\.labels\[job-name\]: Invalid value: .*: must be 'a'/,
  )
  await refused({ manualSelector: true }, invalid('spec.selector: Required value'))
  await refused(
    { podFailurePolicy: { rules: [{ action: 'FailJob' }] } },
    invalid(
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ),
  )
  await refused(
    { backoffLimitPerIndex: 1 },
    invalid('spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'),
  )
  await refused(
    { maxFailedIndexes: 3, backoffLimitPerIndex: 1, completionMode: 'Indexed', completions: 2 },
    invalid('spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions'),
  )
  await refused(
    {
      completionMode: 'Indexed',
      completions: 3,
      successPolicy: { rules: [{ succeededIndexes: '0-9' }] },
    },
    invalid(
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-9": error parsing succeededIndexes: too large index: "9"',
    ),
  )
})

test('a Job keeps its template, selector and completions; an indexed one grows with its parallelism', async () => {
  await using cluster = await openCluster()
  const { client } = cluster
  await client.create(jobs, 'default', job('a'))
  const change = (name: string, spec: object) =>
    client.modify(jobs, 'default', name, (j) => ({ ...j, spec: { ...j['spec'], ...spec } }))
  await assert.rejects(change('a', { completions: 2 }), {
    message: 'Job.batch "a" is invalid: spec.completions: Invalid value: 2: field is immutable',
  })
  await assert.rejects(change('a', { selector: { matchLabels: { a: 'b' } } }), /field is immutable/)
  assert.equal((await change('a', { parallelism: 2 }))?.metadata.generation, 2)
  const size = { completions: 2, parallelism: 2 }
  await client.create(jobs, 'default', job('b', { completionMode: 'Indexed', ...size }))
  await change('b', { completions: 3, parallelism: 3 })
  await assert.rejects(change('b', { completions: 4 }), {
    message:
      'Job.batch "b" is invalid: spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism',
  })
})

test('indexes are written, read, joined and counted as intervals', () => {
  const some = parseIndexes('0,2-4,7,8', 10)
  assert.equal(formatIndexes(some), '0,2-4,7,8')
  assert.equal(countIndexes(some), 6)
  assert.equal(formatIndexes(withIndexes(some, [1, 9, 3])), '0-4,7-9')
  assert.equal(formatIndexes(withIndexes([], [5, 4])), '4,5')
  assert.equal(countCommon(some, parseIndexes('3-7', 10)), 3)
  assert.deepEqual(freeIndexes(some, 3, 10), [1, 5, 6])
  assert.deepEqual(freeIndexes(some, 9, 10), [1, 5, 6, 9])
  assert.equal(countIndexes(parseIndexes('0-2000000000', 2 ** 31 - 1)), 2_000_000_001)
  for (const wrong of ['x', '1-', '3-2', '2,1', '1-2-3', '10', '-1']) {
    assert.throws(() => parseIndexes(wrong, 10), Error, wrong)
  }
})
