/** Policy documents: checked before they are stored, percent-encoded when they are shown. */
import type { PolicyKind } from '../../kernel/policy/decision.ts'
import type { IamDeps } from './deps.ts'
import { refuse } from './errors.ts'
import { readTrustPrincipals } from './trust-principals.ts'

/** RFC 3986: all but letters, digits and `-._~` is encoded, `/` too. */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Refuses a document that IAM would not take. */
export function checkDocument(
  { validatePolicy }: Pick<IamDeps, 'validatePolicy'>,
  text: string,
  kind: PolicyKind,
): void {
  const [problem] = validatePolicy(text, kind)
  if (!problem) return
  if (problem.code === 'LimitExceeded') {
    throw refuse.LimitExceeded({}, { message: problem.message })
  }
  throw refuse.MalformedPolicyDocument({ text: problem.message })
}

/** Checks a trust policy; returns the unique ids of the users and roles that it names. */
export function checkTrust(
  deps: Pick<IamDeps, 'validatePolicy' | 'state'>,
  text: string,
): { readonly trustIds?: Readonly<Record<string, string>> } {
  checkDocument(deps, text, 'trust')
  const { ids, invalid } = readTrustPrincipals(deps.state, text)
  if (invalid !== undefined) {
    throw refuse.MalformedPolicyDocument({ text: `Invalid principal in policy: ${invalid}` })
  }
  return Object.keys(ids).length > 0 ? { trustIds: ids } : {}
}
