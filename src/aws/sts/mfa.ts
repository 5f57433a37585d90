/** What a caller proves with `SerialNumber` and `TokenCode`. */
import type { Call } from '../operation.ts'
import type { StsDeps } from './deps.ts'
import { refuse } from './errors.ts'

interface Given {
  readonly SerialNumber?: string | undefined
  readonly TokenCode?: string | undefined
}

/** True where a valid code was given, false where none was; refuses any other. `take`: the code is good for nothing else after. */
export function provesMfa(
  { SerialNumber: serial, TokenCode: code }: Given,
  { caller, at }: Pick<Call, 'caller' | 'at'>,
  { identities }: Pick<StsDeps, 'identities'>,
  take: boolean,
): boolean {
  if (serial === undefined && code === undefined) return false
  if (serial === undefined || code === undefined) {
    throw failed(', must provide both MFA serial number and one time pass code.')
  }
  switch (identities.mfaCode?.({ caller, serial, code, at, take }) ?? 'no-device') {
    case 'valid':
      return true
    case 'wrong-code':
      throw failed(' with invalid MFA one time pass code. ')
    case 'no-device':
      throw failed(
        ', unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
      )
  }
}

function failed(how: string) {
  return refuse.AccessDenied({ text: `MultiFactorAuthentication failed${how}` })
}
