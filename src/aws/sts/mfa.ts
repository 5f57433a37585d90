/** What a caller proves with `SerialNumber` and `TokenCode`. */
import type { MfaProof, MfaVerdict } from '../identities.ts'
import type { Call } from '../operation.ts'
import type { StsDeps } from './deps.ts'
import { refuse } from './errors.ts'

interface Given {
  readonly SerialNumber?: string | undefined
  readonly TokenCode?: string | undefined
}

type Asking = Pick<Call, 'caller' | 'at'>
type Asked = Pick<StsDeps, 'identities'>

/** True where a valid code was given, false where none was; refuses any other. */
export function provesMfa(given: Given, call: Asking, { identities }: Asked): boolean {
  const proof = proofOf(given, call)
  return proof !== undefined && accept(identities.mfaCode?.(proof))
}

/** As `provesMfa`, and the code is good for nothing else after. */
export async function usesMfa(given: Given, call: Asking, { identities }: Asked): Promise<boolean> {
  const proof = proofOf(given, call)
  return proof !== undefined && accept(await identities.takeMfaCode?.(proof))
}

/** Undefined where neither was given. */
function proofOf(
  { SerialNumber: serial, TokenCode: code }: Given,
  { caller, at }: Asking,
): MfaProof | undefined {
  if (serial === undefined && code === undefined) return undefined
  if (serial === undefined || code === undefined) {
    throw failed(', must provide both MFA serial number and one time pass code.')
  }
  return { caller, serial, code, at }
}

function accept(verdict: MfaVerdict = 'no-device'): true {
  switch (verdict) {
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
