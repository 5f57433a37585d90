/** IAM behind a real gateway for tests: an account, its administrator, and the SDK's client for any keys. */
import assert from 'node:assert/strict'
import { IAMClient, type IAMServiceException } from '@aws-sdk/client-iam'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { startTestGateway, type TestGateway, testAccount, testRegion } from '../gateway/testing.ts'
import type { AccountKeys, KeyPair } from './accounts.ts'
import { type Iam, type IamOptions, openIam } from './iam.ts'

export interface TestIam extends AsyncDisposable {
  readonly iam: Iam
  readonly clock: ManualClock
  readonly gateway: TestGateway
  readonly keys: AccountKeys
  /** The administrator's. */
  readonly client: IAMClient
  clientOf(keys: KeyPair): IAMClient
}

/** Starts IAM with an empty store and the test account. */
export async function startTestIam(
  options: Partial<Omit<IamOptions, 'store' | 'clock'>> = {},
): Promise<TestIam> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const iam = openIam({ store, clock, ...options })
  const keys = await iam.createAccount({ id: testAccount })
  const gateway = await startTestGateway({
    services: [iam.service],
    // The gateway's own test identities are filled by hand; these come from IAM.
    identities: iam.identities as never,
    clock,
  })
  const clients: IAMClient[] = []
  const clientOf = (credentials: KeyPair) => {
    const client = new IAMClient({
      endpoint: gateway.endpoint,
      region: testRegion,
      credentials,
      maxAttempts: 1,
    })
    clients.push(client)
    return client
  }
  return {
    iam,
    clock,
    gateway,
    keys,
    client: clientOf(keys.administratorKeys),
    clientOf,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy()
      await gateway[Symbol.asyncDispose]()
      await iam[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** Asserts that a call is refused with this code and text. */
export async function refused(
  call: Promise<unknown>,
  code: string,
  message: string | RegExp,
): Promise<void> {
  await assert.rejects(call, (error: IAMServiceException) => {
    assert.equal(error.name.replace(/Exception$/, ''), code, error.message)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    return true
  })
}

/** A policy document of one statement that allows an action on everything. */
export function allow(action: string, resource = '*'): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
  })
}

/** A trust policy for a principal (`{ AWS: 'arn:…' }`). */
export function trusting(principal: Record<string, string>, action = 'sts:AssumeRole'): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: action }],
  })
}

/** What EC2's instances trust: the shortest valid trust policy. */
export const ec2Trust: string = trusting({ Service: 'ec2.amazonaws.com' })
