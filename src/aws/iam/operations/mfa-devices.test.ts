import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  DeleteUserCommand,
  DeleteVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  GetMFADeviceCommand,
  ListMFADevicesCommand,
  ListMFADeviceTagsCommand,
  ListVirtualMFADevicesCommand,
  ResyncMFADeviceCommand,
  TagMFADeviceCommand,
  UntagMFADeviceCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { refused, startTestIam, type TestIam } from '../testing.ts'
import { codeAt } from '../totp.ts'

let iam: TestIam
before(async () => {
  iam = await startTestIam()
})
after(() => iam[Symbol.asyncDispose]())

const send: TestIam['client']['send'] = (...args: unknown[]) =>
  (iam.client.send as (...args: unknown[]) => never)(...args)
const serialOf = (name: string) => `arn:aws:iam::${testAccount}:mfa/${name}`

/** Makes a device; `codes` are two that follow each other now. */
async function device(name: string, Path?: string) {
  const { VirtualMFADevice } = await send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: name, ...(Path && { Path }) }),
  )
  const seed = Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString()
  const codes = () => ({
    AuthenticationCode1: codeAt(seed, iam.clock.now() - 30_000),
    AuthenticationCode2: codeAt(seed, iam.clock.now()),
  })
  return { VirtualMFADevice, seed, codes, SerialNumber: VirtualMFADevice?.SerialNumber ?? '' }
}

test('a device has a serial number by path and name, a seed and its picture', async () => {
  const { VirtualMFADevice, seed } = await device('phone', '/team//a/')
  assert.equal(VirtualMFADevice?.SerialNumber, serialOf('team//a/phone'))
  assert.match(seed, /^[A-Z2-7]{64}$/)
  assert.equal(Buffer.from(VirtualMFADevice?.QRCodePNG ?? []).toString('latin1', 1, 4), 'PNG')
  await device('phone')
  await refused(device('phone'), 'EntityAlreadyExists', 'MFA device already exists.')
  await refused(
    device('other', 'no-slash'),
    'ValidationError',
    'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  )
  const most = 256 - serialOf('').length
  assert.equal((await device('n'.repeat(most))).SerialNumber.length, 256)
  await refused(
    device('n'.repeat(most + 1)),
    'ValidationError',
    `1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: Member must have length less than or equal to ${most}`,
  )
})

test('a user enables a device by two codes in a row, and nobody else has it then', async () => {
  const UserName = 'dora'
  await send(new CreateUserCommand({ UserName }))
  await send(new CreateUserCommand({ UserName: 'eric' }))
  const { SerialNumber, codes, seed } = await device('key')
  const enable = (name: string, given: ReturnType<typeof codes>) =>
    send(new EnableMFADeviceCommand({ UserName: name, SerialNumber, ...given }))
  const { AuthenticationCode1, AuthenticationCode2 } = codes()
  for (const wrong of [
    { AuthenticationCode1: AuthenticationCode2, AuthenticationCode2: AuthenticationCode1 },
    { AuthenticationCode1: '000000', AuthenticationCode2 },
  ]) {
    await refused(
      enable(UserName, wrong),
      'InvalidAuthenticationCode',
      'Authentication code for device is not valid.',
    )
  }
  await refused(
    enable('ghost', codes()),
    'NoSuchEntity',
    'The user with name ghost cannot be found.',
  )
  await enable(UserName, codes())
  await refused(enable('eric', codes()), 'EntityAlreadyExists', 'MFA Device is already in use.')
  await send(new ResyncMFADeviceCommand({ UserName, SerialNumber, ...codes() }))
  assert.ok(seed)

  const assigned = async (AssignmentStatus: 'Assigned' | 'Unassigned') => {
    const { VirtualMFADevices } = await send(new ListVirtualMFADevicesCommand({ AssignmentStatus }))
    return VirtualMFADevices?.find((each) => each.SerialNumber === SerialNumber)
  }
  assert.equal((await assigned('Assigned'))?.User?.UserName, UserName)
  assert.equal(await assigned('Unassigned'), undefined)
  await send(new UpdateUserCommand({ UserName, NewUserName: 'dorothea' }))
  const { MFADevices } = await send(new ListMFADevicesCommand({ UserName: 'dorothea' }))
  assert.deepEqual(
    MFADevices?.map((each) => [each.UserName, each.SerialNumber]),
    [['dorothea', SerialNumber]],
  )
  const got = await send(new GetMFADeviceCommand({ UserName: 'dorothea', SerialNumber }))
  assert.deepEqual(got.EnableDate, MFADevices?.[0]?.EnableDate)

  const remove = () => send(new DeleteVirtualMFADeviceCommand({ SerialNumber }))
  await refused(remove(), 'DeleteConflict', 'MFA VirtualDevice in use. Must deactivate first.')
  await refused(
    send(new DeleteUserCommand({ UserName: 'dorothea' })),
    'DeleteConflict',
    'Cannot delete entity, must delete MFA device first.',
  )
  const off = () => send(new DeactivateMFADeviceCommand({ UserName: 'dorothea', SerialNumber }))
  await off()
  const missing = `MFA Device with serial number ${SerialNumber} does not exist.`
  await refused(off(), 'NoSuchEntity', missing)
  assert.ok(await assigned('Unassigned'))
  await remove()
  await refused(remove(), 'NoSuchEntity', missing)
})

test('a device that is not known here cannot be enabled', async () => {
  await send(new CreateUserCommand({ UserName: 'finn' }))
  await refused(
    send(
      new EnableMFADeviceCommand({
        UserName: 'finn',
        SerialNumber: 'GAHT12345678',
        AuthenticationCode1: '123456',
        AuthenticationCode2: '654321',
      }),
    ),
    'NoSuchEntity',
    'MFA Device with serial number GAHT12345678 does not exist.',
  )
})

test('devices are listed by page, and bear tags', async () => {
  for (const name of ['list-1', 'list-2']) await device(name)
  const first = await send(new ListVirtualMFADevicesCommand({ MaxItems: 1 }))
  assert.equal(first.IsTruncated, true)
  const { VirtualMFADevices } = await send(
    new ListVirtualMFADevicesCommand({ Marker: first.Marker }),
  )
  assert.ok(VirtualMFADevices?.some((each) => each.SerialNumber === serialOf('list-2')))
  await refused(
    send(new ListVirtualMFADevicesCommand({ Marker: 'nonsense' })),
    'ValidationError',
    'Invalid Marker.',
  )
  const SerialNumber = serialOf('list-1')
  const Tags = [{ Key: 'owner', Value: 'ops' }]
  await send(new TagMFADeviceCommand({ SerialNumber, Tags }))
  const list = async () => (await send(new ListMFADeviceTagsCommand({ SerialNumber }))).Tags
  assert.deepEqual(await list(), Tags)
  await send(new UntagMFADeviceCommand({ SerialNumber, TagKeys: ['owner'] }))
  assert.deepEqual(await list(), [])
})
