/** Judges the codes of users' MFA devices, as STS is given them, and remembers which were used. */
import type { MfaProof, MfaVerdict } from '../identities.ts'
import { mfaDevice } from './find.ts'
import type { MfaDeviceRecord } from './records.ts'
import type { IamState } from './state.ts'
import { stepOf } from './totp.ts'
import type { Writer } from './writer.ts'

/** Is this the code of a device that the caller has enabled, and not used yet? */
export function judgeMfaCode(proof: MfaProof, state: IamState): MfaVerdict {
  const found = deviceOf(proof, state)
  if (!found) return 'no-device'
  return unusedStep(found.device, found.drift, proof) === undefined ? 'wrong-code' : 'valid'
}

/**
 * As `judgeMfaCode`, and a code that is valid is good for nothing else after, in whatever process: the step is noted in
 * the device's document, and of two who bring the same code only one is quick enough to write it.
 */
export async function takeMfaCode(
  proof: MfaProof,
  state: IamState,
  writer: Writer,
): Promise<MfaVerdict> {
  const found = deviceOf(proof, state)
  if (!found) return 'no-device'
  let verdict: MfaVerdict = 'no-device'
  await writer.change(found.account, 'mfa', found.device.name, (device) => {
    const step = device && unusedStep(device, found.drift, proof)
    verdict = device ? (step === undefined ? 'wrong-code' : 'valid') : 'no-device'
    return device && step !== undefined ? { record: { ...device, usedStep: step } } : 'keep'
  })
  return verdict
}

function deviceOf(
  { caller, serial }: MfaProof,
  state: IamState,
): { account: string; device: MfaDeviceRecord; drift: number } | undefined {
  if (caller.kind !== 'user' || caller.temporary?.federatedName) return undefined
  const { account } = caller
  const user = state.entry(account, 'user', caller.userName)?.record
  if (user?.id !== caller.userId) return undefined
  const enabled = user.mfa?.find((each) => each.serial === serial)
  const device = enabled && mfaDevice(state, account, serial)
  return device && { account, device, drift: enabled.drift ?? 0 }
}

/** The step whose code it is; undefined where it is none, or that step or a later one was used. */
function unusedStep(
  { seed, usedStep = -1 }: MfaDeviceRecord,
  drift: number,
  { code, at }: MfaProof,
): number | undefined {
  const step = stepOf(seed, code, at, drift)
  return step !== undefined && step > usedStep ? step : undefined
}
