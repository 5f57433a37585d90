import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attack } from './attacks.ts'
import { isAsExpected, outcomeOf } from './outcome.ts'
import { secretRow } from './pod-script.ts'
import type { AttackName, Deciding, Outcome } from './story.ts'

const roles = { database: 'db', public: 'web', node: 'node' }

function check(
  given: { name?: AttackName; hostNetwork?: boolean; role?: string; outputs: string[] },
  expected: Outcome,
): void {
  const { name = 'metadata', hostNetwork = false, role, outputs } = given
  const attack: Attack = { name, steps: [], hostNetwork }
  const steps = outputs.map((output) => ({ command: '', output }))
  assert.equal(
    outcomeOf(attack, steps, role === undefined ? undefined : deciding(role), roles),
    expected,
  )
}

function deciding(role: string): Deciding {
  const caller = `arn:aws:sts::111122223333:assumed-role/${role}/x`
  return { requestId: '', action: '', outcome: 'denied', caller, link: 'trust', summary: '' }
}

test('only the row that was read is a breach; its kind is by whose role read it', () => {
  const outputs = [`credentials of ASIA1\n${secretRow}`]
  check({ role: 'node', outputs }, 'all-rights')
  check({ role: 'db', outputs }, 'pod-2-role')
  check({ role: 'db', hostNetwork: true, outputs }, 'any-role')
  const name = 'annotation'
  check({ name, role: 'db', outputs: ['', 'credentials of ASIA1', '', secretRow] }, 'any-role')
  check(
    { name, role: 'db', outputs: ['', 'forbidden by policy', '', secretRow] },
    'permitted-roles',
  )
})

test('without the row it is who the pod was in the end', () => {
  check({ role: 'node', outputs: ['FATAL'] }, 'node-role')
  check({ role: 'web', outputs: ['FATAL'] }, 'own-role')
  check({ role: 'web', outputs: ['"…:instance-profile/node"'] }, 'own-role-and-paths')
  check({ outputs: [`no ${secretRow} here`] }, 'nothing')
})

test('a cell agrees when both gain and link do', () => {
  const expected = { outcome: 'nothing', link: 'trust', source: '' } as const
  assert.ok(isAsExpected('nothing', deciding('x'), expected))
  assert.ok(!isAsExpected('own-role', deciding('x'), expected))
  assert.ok(!isAsExpected('nothing', undefined, expected))
})
