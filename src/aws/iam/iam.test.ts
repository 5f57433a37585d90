import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { openIam } from './iam.ts'
import { accountOfKey } from './ids.ts'

test('an account is made once and keeps its keys over a restart', async () => {
  const clock = new ManualClock()
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const first = openIam({ store, clock })
  const made = await first.createAccount({ id: '111122223333', name: 'demo' })
  assert.equal(made.created, true)
  const found = { ...made, created: false }
  assert.deepEqual(await first.createAccount({ id: '111122223333' }), found)
  await first[Symbol.asyncDispose]()

  await using again = openIam({ store, clock })
  assert.deepEqual(await again.createAccount({ id: '111122223333' }), found)
  assert.deepEqual(again.accounts(), [{ id: '111122223333', name: 'demo' }])
  assert.equal(accountOfKey(made.rootKeys.accessKeyId), '111122223333')

  const key = again.identities.accessKey(made.administratorKeys.accessKeyId)
  assert.equal(key?.secretAccessKey, made.administratorKeys.secretAccessKey)
  assert.equal(key?.caller.arn, 'arn:aws:iam::111122223333:user/administrator')
  assert.ok(key)
  const policies = again.identities.principal(key.caller)?.identityPolicies
  assert.deepEqual(policies, [
    {
      name: 'AdministratorAccess',
      arn: 'arn:aws:iam::aws:policy/AdministratorAccess',
      document:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    },
  ])
})
