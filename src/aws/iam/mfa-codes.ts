/** Judges the codes of users' MFA devices, as STS is given them. */
import type { Caller } from '../caller.ts'
import type { MfaVerdict } from '../identities.ts'
import { mfaDevice } from './find.ts'
import type { IamState } from './state.ts'
import { stepOf } from './totp.ts'

/** Steps of 30 s after which a code that was used needs no remembering: it is wrong by then. */
const remembered = 10

export class MfaCodes {
  readonly #state: IamState
  /** The last step whose code was used, by seed. */
  readonly #used = new Map<string, number>()

  constructor(state: IamState) {
    this.#state = state
  }

  /** `take`: a code that is valid is good for nothing else after. A code used in another process is not known here. */
  judge(what: {
    readonly caller: Caller
    readonly serial: string
    readonly code: string
    readonly at: number
    readonly take: boolean
  }): MfaVerdict {
    const { caller, serial, code, at } = what
    if (caller.kind !== 'user' || caller.temporary?.federatedName) return 'no-device'
    const user = this.#state.entry(caller.account, 'user', caller.userName)?.record
    const hasIt = user?.id === caller.userId && user.mfa?.some((each) => each.serial === serial)
    const device = hasIt ? mfaDevice(this.#state, caller.account, serial) : undefined
    if (!device) return 'no-device'
    const step = stepOf(device.seed, code, at)
    if (step === undefined || step <= (this.#used.get(device.seed) ?? -1)) return 'wrong-code'
    if (what.take) this.#remember(device.seed, step)
    return 'valid'
  }

  #remember(seed: string, step: number): void {
    for (const [other, last] of this.#used) if (last < step - remembered) this.#used.delete(other)
    this.#used.set(seed, step)
  }
}
