/** The story of pod 1 and pod 2, played for real on a lab in which another cluster is at home; and its page in the docs. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { storyTable } from '../src/cli/story/markdown.ts'
import { storyPainter, widest } from '../src/cli/story/render.ts'
import type { StoryResult } from '../src/cli/story/story.ts'
import { english } from '../src/cli/story/text-en.ts'
import { japanese } from '../src/cli/story/text-ja.ts'
import { noAurora } from './support/aurora.ts'
import {
  type CommandResult,
  ok,
  podpassProgram,
  startTestLab,
  type TestLab,
} from './support/lab.ts'

const skip = noAurora()
let lab: TestLab
let played: CommandResult
let story: StoryResult

before(async () => {
  if (skip) return
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  const file = join(lab.home, 'story.json')
  const args = ['story', '--lang', 'ja', '--save', file]
  played = await lab.run(podpassProgram, args, { timeoutMs: 300_000 })
  story = JSON.parse(readFileSync(file, 'utf8')) as StoryResult
})
after(() => lab?.[Symbol.asyncDispose]())

test('in every world pod 2 reads its row, and pod 1 gets what it would of the real systems', {
  skip,
}, () => {
  const cells = story.worlds.flatMap(({ world, attacks }) =>
    attacks.map(({ attack, outcome, deciding, agrees }) =>
      agrees ? 'as expected' : `${world} ${attack}: ${outcome} at ${deciding?.link}`,
    ),
  )
  assert.deepEqual(cells, Array(24).fill('as expected'), played.stdout)
  assert.deepEqual(
    story.worlds.map(({ world, podTwo }) => [world, podTwo.readsRow]),
    ['node-role', 'kube2iam', 'kiam', 'pod-identity', 'irsa'].map((world) => [world, true]),
  )
  assert.equal(played.code, 0, played.stderr)
})

test('each cell names the decision that why explains', { skip }, async () => {
  const irsa = story.worlds.find(({ world }) => world === 'irsa')
  const forged = irsa?.attacks.find(({ attack }) => attack === 'forged-token')
  const request = forged?.deciding?.requestId ?? ''
  const why = await lab.podpass('why', '--request', request, '-o', 'json')
  assert.equal(JSON.parse(why.stdout).brokenLink, forged?.deciding?.link)
})

test('the story is told in both languages, in lines that a terminal of 100 columns holds', {
  skip,
}, () => {
  for (const text of [english, japanese]) {
    const painter = storyPainter({ color: false }, text)
    const whole = [
      painter.opening(),
      ...story.worlds.flatMap(({ world, podTwo, attacks }) => [
        painter.world(world),
        painter.podTwo(podTwo),
        ...attacks.map((attack) => painter.attack(world, attack)),
      ]),
      painter.table(story),
    ].join('')
    assert.ok(widest(whole) <= 100, `${widest(whole)} columns`)
    if (text === japanese) assert.equal(played.stdout, whole)
    else assert.match(whole, /REFUSED at trust policy/)
  }
})

test('no secret is told', { skip }, () => {
  const told = JSON.stringify(story) + played.stdout + played.stderr
  assert.doesNotMatch(told, /eyJ[\w-]{20}|SecretAccessKey|X-Amz-Signature/)
})

test('the table of the docs is that of the run', { skip }, () => {
  for (const [file, text] of [
    ['story.md', english],
    ['story.ja.md', japanese],
  ] as const) {
    const page = readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8')
    const says = `${file}: run \`bin/node tools/story-pages.ts\``
    assert.ok(page.includes(storyTable(story, text)), says)
  }
})

test('what the story made is gone, and what was there is there', { skip }, async () => {
  const clusters = ok(await lab.podpass('get', 'cluster', '-o', 'json'))
  assert.deepEqual(
    (JSON.parse(clusters.stdout) as { name: string }[]).map(({ name }) => name),
    ['irsa'],
  )
  const left = async (...args: string[]) => ok(await lab.aws(...args, '--output', 'text')).stdout
  const names = [
    await left('iam', 'list-roles', '--query', 'Roles[].RoleName'),
    await left('iam', 'list-policies', '--scope', 'Local', '--query', 'Policies[].PolicyName'),
    await left('rds', 'describe-db-clusters', '--query', 'DBClusters[].DBClusterIdentifier'),
    await left(
      'iam',
      'list-instance-profiles',
      '--query',
      'InstanceProfiles[].InstanceProfileName',
    ),
  ]
  assert.doesNotMatch(names.join(), /podpass-story/)
  assert.match(ok(await lab.kubectl('config', 'current-context')).stdout, /irsa/)
})

test('a cluster of that name that is not of a story is left alone', { skip }, async () => {
  const refused = await lab.podpass('story', '--cluster', 'irsa')
  assert.equal(refused.code, 1)
  assert.match(
    refused.stderr,
    /error: the cluster `irsa` is not of a story\n {2}play it under another name/,
  )
  assert.match(ok(await lab.podpass('get', 'cluster')).stdout, /^irsa /m)
})
