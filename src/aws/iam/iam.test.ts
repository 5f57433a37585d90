import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListUsersCommand } from '@aws-sdk/client-iam'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { openIam } from './iam.ts'
import { accountOfKey } from './ids.ts'
import { allow, refused, startTestIam } from './testing.ts'

test('temporary keys of a user count here only where he gave a code of his device', async () => {
  await using iam = await startTestIam()
  const { accessKeyId } = iam.keys.administratorKeys
  const caller = iam.iam.identities.accessKey(accessKeyId)?.caller
  assert.ok(caller?.kind === 'user')
  const { account, arn, userId, userName } = caller
  const issuedAt = iam.clock.now()
  const common = { account, arn, userId, userName, issuedAt, expiresAt: issuedAt + 900_000 }
  const list = (more: object) => {
    const { expiration, ...keys } = iam.gateway.sessions.issueForUser({ ...common, ...more })
    return iam.clientOf(keys).send(new ListUsersCommand({}))
  }
  for (const more of [{}, { federatedName: 'bob', sessionPolicy: allow('iam:*') }]) {
    const text = 'The security token included in the request is invalid'
    await refused(list(more), 'InvalidClientTokenId', text)
  }
  assert.equal((await list({ mfaAt: issuedAt })).Users?.length, 1)
})

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
