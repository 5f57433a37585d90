import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  EnableMFADeviceCommand,
  ResyncMFADeviceCommand,
} from '@aws-sdk/client-iam'
import { startTestIam } from './testing.ts'
import { codeAt } from './totp.ts'

test('STS is told whether a code is the user’s, and takes each once', async () => {
  await using iam = await startTestIam()
  const { client, clock } = iam
  const { identities } = iam.iam
  const callerOf = async (UserName: string) => {
    await client.send(new CreateUserCommand({ UserName }))
    const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }))
    const key = identities.accessKey(AccessKey?.AccessKeyId ?? '')
    assert.ok(key)
    return key.caller
  }
  const dora = await callerOf('dora')
  const eric = await callerOf('eric')
  const { VirtualMFADevice } = await client.send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'phone' }),
  )
  const serial = VirtualMFADevice?.SerialNumber ?? ''
  const seed = Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString()
  const codeNow = () => codeAt(seed, clock.now())
  const proof = (caller = dora, code = codeNow()) => ({ caller, serial, code, at: clock.now() })
  const judge = (caller = dora) => identities.mfaCode?.(proof(caller))
  const take = (caller = dora, code = codeNow()) => identities.takeMfaCode?.(proof(caller, code))

  assert.equal(await take(), 'no-device')
  const device = { UserName: 'dora', SerialNumber: serial }
  await client.send(
    new EnableMFADeviceCommand({
      ...device,
      AuthenticationCode1: codeAt(seed, clock.now() - 30_000),
      AuthenticationCode2: codeNow(),
    }),
  )
  assert.equal(judge(eric), 'no-device')
  assert.equal(await take(eric), 'no-device')
  assert.equal(judge(), 'valid')
  assert.deepEqual(await Promise.all([take(), take()]), ['valid', 'wrong-code'])
  assert.equal(judge(), 'wrong-code')
  assert.equal(await take(dora, codeAt(seed, clock.now() - 30_000)), 'wrong-code')
  clock.advance(60_000)
  assert.equal(await take(dora, codeAt(seed, clock.now() - 600_000)), 'wrong-code')
  assert.equal(await take(), 'valid')

  // The clock of the device is three minutes slow, until it is told so.
  clock.advance(600_000)
  const slow = (steps: number) => codeAt(seed, clock.now() + (steps - 6) * 30_000)
  assert.equal(await take(dora, slow(0)), 'wrong-code')
  const shown = { AuthenticationCode1: slow(-1), AuthenticationCode2: slow(0) }
  await client.send(new ResyncMFADeviceCommand({ ...device, ...shown }))
  assert.equal(await take(), 'wrong-code')
  assert.equal(await take(dora, slow(0)), 'valid')
  await client.send(new DeactivateMFADeviceCommand(device))
  assert.equal(judge(), 'no-device')
})
