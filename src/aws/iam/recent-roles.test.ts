import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoleFacts } from '../identities.ts'
import { RecentRoles } from './recent-roles.ts'

/** Roles `0`, `1`, … with a count of how often each had to be found. */
function world() {
  const found = new Map<string, number>()
  let version = 0
  const roles = new RecentRoles(
    (arn) => {
      found.set(arn, (found.get(arn) ?? 0) + 1)
      return arn === 'none' ? undefined : ({ arn, id: `${arn} at ${version}` } as RoleFacts)
    },
    () => version,
  )
  return { roles, timesFound: (arn: string) => found.get(arn) ?? 0, change: () => version++ }
}

test('a role is found once, until anything changes', () => {
  const { roles, timesFound, change } = world()
  assert.equal(roles.get('1'), roles.get('1'))
  assert.equal(timesFound('1'), 1)
  change()
  assert.equal(roles.get('1')?.id, '1 at 1')
  assert.equal(timesFound('1'), 2)
})

test('a role that is not there is looked for each time', () => {
  const { roles, timesFound } = world()
  for (const _ of [1, 2]) assert.equal(roles.get('none'), undefined)
  assert.equal(timesFound('none'), 2)
})

test('those in use are kept while others come and go', () => {
  const { roles, timesFound } = world()
  for (let index = 0; index < 20_000; index += 1) {
    roles.get(`passing ${index}`)
    if (index % 1_000 === 0) roles.get('in use')
  }
  assert.equal(timesFound('in use'), 1)
  roles.get('passing 0')
  assert.equal(timesFound('passing 0'), 2)
})
