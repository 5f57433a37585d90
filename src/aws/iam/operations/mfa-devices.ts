/** Virtual MFA devices: made by the account, enabled by users with two codes in a row. */
import type {
  CreateVirtualMFADeviceRequest,
  CreateVirtualMFADeviceResponse,
  DeactivateMFADeviceRequest,
  DeleteVirtualMFADeviceRequest,
  EnableMFADeviceRequest,
  GetMFADeviceRequest,
  GetMFADeviceResponse,
  ListMFADevicesRequest,
  ListMFADevicesResponse,
  ListVirtualMFADevicesRequest,
  ListVirtualMFADevicesResponse,
  ResyncMFADeviceRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount, onEntity, onMfaDevice, onUserOrSelf, requestContext } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, findMfaDevice, noMfaDevice, userNameOf } from '../find.ts'
import { mfaSerial } from '../names.ts'
import { pageOfList } from '../paging.ts'
import { qrCodePng } from '../qr-code.ts'
import type { MfaDeviceRecord, MfaRecord, UserRecord } from '../records.ts'
import { showWholeUser } from '../show.ts'
import type { IamState } from '../state.ts'
import { readTags, showTags } from '../tags.ts'
import { areConsecutive, driftOf, newSeed } from '../totp.ts'

/** A longer serial number could be given to no other operation. */
const serialCharsMax = 256

/** The seed is in this answer only. */
export const createVirtualMFADevice: Operation<
  Valid<CreateVirtualMFADeviceRequest>,
  CreateVirtualMFADeviceResponse,
  IamDeps
> = {
  name: 'CreateVirtualMFADevice',
  access(input, { account }) {
    const resource = mfaSerial(account, deviceName(input))
    const actions = ['iam:CreateVirtualMFADevice']
    if (input.Tags && input.Tags.length > 0) actions.push('iam:TagMFADevice')
    return actions.map((action) => ({ action, resource, context: requestContext(input) }))
  },
  async handle(input, { account, at }, { writer }) {
    const name = deviceName(input)
    const over = mfaSerial(account, name).length - serialCharsMax
    if (over > 0) {
      const most = input.VirtualMFADeviceName.length - over
      const text = `1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: Member must have length less than or equal to ${most}`
      throw refuse.ValidationError({ text })
    }
    const device: MfaDeviceRecord = {
      name,
      seed: newSeed(),
      createdAt: secondsOf(at),
      ...readTags(input.Tags, 'differs'),
    }
    if (!(await writer.create(account, 'mfa', name, device))) {
      throw refuse.EntityAlreadyExists({}, { message: 'MFA device already exists.' })
    }
    const label = encodeURIComponent(`${input.VirtualMFADeviceName.slice(0, 60)}@${account}`)
    const uri = `otpauth://totp/Amazon%20Web%20Services:${label}?secret=${device.seed}&issuer=Amazon%20Web%20Services`
    return {
      VirtualMFADevice: {
        SerialNumber: mfaSerial(account, name),
        Base32StringSeed: Buffer.from(device.seed),
        QRCodePNG: qrCodePng(uri),
        ...(device.tags && { Tags: showTags(device.tags) }),
      },
    }
  },
}

export const deleteVirtualMFADevice: Operation<
  Valid<DeleteVirtualMFADeviceRequest>,
  void,
  IamDeps
> = {
  name: 'DeleteVirtualMFADevice',
  access: onMfaDevice('iam:DeleteVirtualMFADevice'),
  async handle({ SerialNumber: serial }, { account }, { state, writer }) {
    const { name } = findMfaDevice(state, account, serial)
    await writer.change(account, 'mfa', name, (found) => {
      if (!found) throw noMfaDevice(serial)
      if (ownerOf(state, account, serial)) {
        const message = 'MFA VirtualDevice in use. Must deactivate first.'
        throw refuse.DeleteConflict({}, { message })
      }
      return 'delete'
    })
  },
}

export const listVirtualMFADevices: Operation<
  Valid<ListVirtualMFADevicesRequest>,
  ListVirtualMFADevicesResponse,
  IamDeps
> = {
  name: 'ListVirtualMFADevices',
  access: onAccount('iam:ListVirtualMFADevices'),
  handle(input, { account }, { state }) {
    const wanted = input.AssignmentStatus ?? 'Any'
    const devices = [...(state.account(account)?.entities.mfa.records() ?? [])].map(({ name }) => {
      const serial = mfaSerial(account, name)
      return { serial, owner: ownerOf(state, account, serial) }
    })
    const matching = devices.filter(
      ({ owner }) => wanted === 'Any' || (wanted === 'Assigned') === (owner !== undefined),
    )
    const { items, page } = pageOfList(matching, ({ serial }) => serial, input)
    return {
      VirtualMFADevices: items.map(({ serial, owner }) => ({
        SerialNumber: serial,
        ...(owner && {
          User: showWholeUser(account, owner.user),
          EnableDate: dateOf(owner.device.enabledAt),
        }),
      })),
      ...page,
    }
  },
}

export const enableMFADevice: Operation<Valid<EnableMFADeviceRequest>, void, IamDeps> = {
  name: 'EnableMFADevice',
  access: onEntity('iam:EnableMFADevice', 'user'),
  async handle(input, { account, at }, { state, writer, quotas }) {
    const { UserName: name, SerialNumber: serial } = input
    find(state, account, 'user', name)
    const device = findMfaDevice(state, account, serial)
    const limit = quotas.mfaDevicesPerUser
    await writer.change(account, 'user', name, (found) => {
      const user = existing(found, 'user', name)
      if (ownerOf(state, account, serial)) {
        throw refuse.EntityAlreadyExists({}, { message: 'MFA Device is already in use.' })
      }
      checkCodes(device, input, at)
      const mfa = [...(user.mfa ?? []), { serial, enabledAt: secondsOf(at) }]
      if (mfa.length > limit) throw refuse.LimitExceeded({ quota: 'MFADevicesPerUser', limit })
      return { record: { ...user, mfa }, checks: [writer.check(account, 'mfa', device.name)] }
    })
  },
}

export const deactivateMFADevice: Operation<Valid<DeactivateMFADeviceRequest>, void, IamDeps> = {
  name: 'DeactivateMFADevice',
  access: onUserOrSelf('iam:DeactivateMFADevice'),
  async handle(input, call, { writer }) {
    const { account } = call
    const name = userNameOf(input.UserName, call)
    await writer.change(account, 'user', name, (found) => {
      const user = existing(found, 'user', name)
      enabled(user, input.SerialNumber)
      const mfa = user.mfa?.filter(({ serial }) => serial !== input.SerialNumber) ?? []
      return { record: { ...user, mfa } }
    })
  },
}

/** Two codes tell how far the device's clock is off: from then on its codes are looked for there. */
export const resyncMFADevice: Operation<Valid<ResyncMFADeviceRequest>, void, IamDeps> = {
  name: 'ResyncMFADevice',
  access: onEntity('iam:ResyncMFADevice', 'user'),
  async handle(input, { account, at }, { state, writer }) {
    const { UserName: name, SerialNumber: serial } = input
    enabled(find(state, account, 'user', name), serial)
    const { seed } = findMfaDevice(state, account, serial)
    const drift = driftOf(seed, input.AuthenticationCode1, input.AuthenticationCode2, at)
    if (drift === undefined) throw refuse.InvalidAuthenticationCode()
    await writer.change(account, 'user', name, (found) => {
      const user = existing(found, 'user', name)
      if ((enabled(user, serial).drift ?? 0) === drift) return 'keep'
      const mfa = user.mfa?.map((each) => (each.serial === serial ? { ...each, drift } : each))
      return { record: { ...user, mfa: mfa ?? [] } }
    })
  },
}

export const listMFADevices: Operation<
  Valid<ListMFADevicesRequest>,
  ListMFADevicesResponse,
  IamDeps
> = {
  name: 'ListMFADevices',
  access: onUserOrSelf('iam:ListMFADevices'),
  handle(input, call, { state }) {
    const user = find(state, call.account, 'user', userNameOf(input.UserName, call))
    const { items, page } = pageOfList(user.mfa ?? [], ({ serial }) => serial, input)
    return {
      MFADevices: items.map(({ serial, enabledAt }) => ({
        UserName: user.name,
        SerialNumber: serial,
        EnableDate: dateOf(enabledAt),
      })),
      ...page,
    }
  },
}

export const getMFADevice: Operation<Valid<GetMFADeviceRequest>, GetMFADeviceResponse, IamDeps> = {
  name: 'GetMFADevice',
  access: onUserOrSelf('iam:GetMFADevice'),
  handle(input, call, { state }) {
    const user = find(state, call.account, 'user', userNameOf(input.UserName, call))
    const { serial, enabledAt } = enabled(user, input.SerialNumber)
    return { UserName: user.name, SerialNumber: serial, EnableDate: dateOf(enabledAt) }
  },
}

/** Path and name, without the first slash: what makes the serial number. */
function deviceName({
  Path = '/',
  VirtualMFADeviceName: name,
}: Valid<CreateVirtualMFADeviceRequest>) {
  return `${Path}${name}`.slice(1)
}

function enabled(user: UserRecord, serial: string): MfaRecord {
  const device = user.mfa?.find((each) => each.serial === serial)
  if (!device) throw noMfaDevice(serial)
  return device
}

function ownerOf(
  state: IamState,
  account: string,
  serial: string,
): { user: UserRecord; device: MfaRecord } | undefined {
  for (const key of state.account(account)?.mfaOf.of(serial) ?? []) {
    const user = state.entry(account, 'user', key)?.record
    const device = user?.mfa?.find((each) => each.serial === serial)
    if (user && device) return { user, device }
  }
  return undefined
}

function checkCodes(
  { seed }: MfaDeviceRecord,
  input: { AuthenticationCode1: string; AuthenticationCode2: string },
  at: number,
): void {
  if (!areConsecutive(seed, input.AuthenticationCode1, input.AuthenticationCode2, at)) {
    throw refuse.InvalidAuthenticationCode()
  }
}
