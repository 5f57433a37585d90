import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call, Need } from '../operation.ts'
import { operations } from './service.ts'

const served = Object.entries(operations).filter(([, operation]) => typeof operation !== 'string')

test('each operation stands under its own name', () => {
  for (const [name, operation] of served) {
    assert.equal(typeof operation === 'string' ? name : operation.name, name)
  }
  assert.ok(served.length >= 100)
})

test('no operation is open: each needs its own action first', async () => {
  const call = {
    account: '111122223333',
    caller: { kind: 'user', account: '111122223333', userName: 'me' },
  } as Call
  const nothing = { entry: () => undefined, keyOwner: () => undefined }
  const input = { Url: 'https://oidc.example', DeletionTaskId: 'x', AWSServiceName: 'x' }
  for (const [name, operation] of served) {
    assert.ok(typeof operation !== 'string' && typeof operation.access === 'function', name)
    const access = operation.access as (...args: unknown[]) => readonly Need[]
    const needs = access(input, call, { state: nothing })
    assert.equal(needs[0]?.action, `iam:${name}`)
  }
})
