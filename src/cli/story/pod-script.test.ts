import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { podScript, readLog } from './pod-script.ts'

const none = { command: ['false'], always: false }
const standIns = { aws: none, curl: none, psql: { command: ['echo', 'stood in'], always: true } }

/** Runs a pod's script here, as a pod would. */
function run(...lines: string[]) {
  const script = podScript(
    lines.map((line) => ({ run: line })),
    standIns,
  )
  const env = { PATH: process.env['PATH'] ?? '', MARK: '::story::' }
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return execFileSync('bash', ['--norc', '-c', script], {
    env,
    encoding: 'utf8',
    stdio: [...stdio],
  })
}

test('a log tells what each step printed, as far as it came', () => {
  const log = run('echo one; echo two >&2', 'true', 'echo three')
  const { steps, isComplete, reached } = readLog(log, ['a', 'b', 'c'])
  assert.ok(isComplete)
  assert.equal(reached, 2)
  assert.deepEqual(
    steps.map(({ command, output }) => [command, output]),
    [
      ['a', 'one\ntwo'],
      ['b', ''],
      ['c', 'three'],
    ],
  )
  const cut = readLog(log.slice(0, log.indexOf('three')), ['a', 'b', 'c'])
  assert.ok(!cut.isComplete)
  assert.equal(cut.reached, 2)
})

test('what stands in always does so where the program is found, too', () => {
  const { steps } = readLog(run('any_psql --version'), [''])
  assert.equal(steps[0]?.output, 'stood in --version')
})

test('credentials of an answer are taken and not shown; other answers are shown', () => {
  const answer = JSON.stringify({ AccessKeyId: 'ASIA1', SecretAccessKey: 'hidden', Token: 't' })
  const log = run(
    `use '${answer}' && echo $AWS_SECRET_ACCESS_KEY-$AWS_SESSION_TOKEN`,
    'use refused || echo no',
  )
  const { steps } = readLog(log, ['', ''])
  assert.deepEqual(
    steps.map(({ output }) => output),
    ['credentials of ASIA1\nhidden-t', 'refused\nno'],
  )
})

test('a token gets another name, and keeps its signature', () => {
  const claims = { sub: 'system:serviceaccount:irsa:public' }
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const log = run(`printf %s head.${body}.signature > own`, 'rename public database < own')
  const [head, forged = '', signature] = readLog(log, ['', '']).steps[1]?.output.split('.') ?? []
  assert.deepEqual([head, signature], ['head', 'signature'])
  assert.deepEqual(JSON.parse(Buffer.from(forged, 'base64url').toString()), {
    sub: 'system:serviceaccount:irsa:database',
  })
})
