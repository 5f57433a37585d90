/** What all ways to a session share: how long it may live, which policies and tags narrow it, how much room they take. */
import { parseArn } from '../../kernel/arn.ts'
import { validatePolicy } from '../../kernel/policy/validate.ts'
import type { Identities } from '../identities.ts'
import { refuse } from './errors.ts'

const chainedSecondsMax = 3600
/** AWS packs policies and tags into a space whose measure it does not publish; this one is ours. */
const packedBytes = 2048
const plainPolicyChars = 2048

export interface SessionPolicies {
  readonly sessionPolicy?: string
  readonly sessionPolicyArns?: readonly string[]
}

/** Seconds that the session lives; refuses more than the role allows, or than chaining does. */
export function sessionSeconds(options: {
  readonly requested: number | undefined
  readonly roleMax: number
  readonly chained: boolean
}): number {
  const seconds = options.requested ?? 3600
  if (options.chained && seconds > chainedSecondsMax) {
    const text =
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.'
    throw refuse.ValidationError({ text })
  }
  if (seconds > options.roleMax) {
    const text = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'
    throw refuse.ValidationError({ text })
  }
  return seconds
}

/** Checks the policies that a caller passes with its request; `account` is the one whose managed policies count. */
export function sessionPolicies(
  input: {
    readonly Policy?: string | undefined
    readonly PolicyArns?: readonly { arn?: string | undefined }[] | undefined
  },
  account: string,
  identities: Pick<Identities, 'managedPolicy'>,
): SessionPolicies {
  const arns = (input.PolicyArns ?? []).map(({ arn = '' }) => arn)
  if (input.Policy !== undefined) {
    const problem = validatePolicy(input.Policy, 'session')[0]
    if (problem) throw refuse.MalformedPolicyDocument({}, { message: problem.message })
  }
  for (const arn of arns) {
    const owner = parseArn(arn)
    const ownerFits = owner?.service === 'iam' && [account, 'aws'].includes(owner.account)
    if (!ownerFits || !identities.managedPolicy(arn)) {
      throw refuse.ValidationError({
        text: `Policy ${arn} does not exist or is not attachable.`,
      })
    }
  }
  const chars = (input.Policy?.length ?? 0) + arns.reduce((sum, arn) => sum + arn.length, 0)
  if (chars > plainPolicyChars) {
    const percent = Math.ceil((100 * chars) / plainPolicyChars)
    throw refuse.PackedPolicyTooLarge({ what: 'session policy', percent })
  }
  return {
    ...(input.Policy === undefined ? {} : { sessionPolicy: input.Policy }),
    ...(arns.length === 0 ? {} : { sessionPolicyArns: arns }),
  }
}

/** Per cent of the room that policies and tags take; undefined where there are none. Refuses more than all of it. */
export function packedPolicySize(
  policies: SessionPolicies,
  tags: Readonly<Record<string, string>>,
): number | undefined {
  const policyChars =
    (policies.sessionPolicy?.length ?? 0) +
    (policies.sessionPolicyArns ?? []).reduce((sum, arn) => sum + arn.length, 0)
  const tagEntries = Object.entries(tags)
  if (policyChars === 0 && tagEntries.length === 0) return undefined
  const tagChars = tagEntries.reduce((sum, [key, value]) => sum + key.length + value.length + 2, 0)
  const percent = Math.ceil((100 * (policyChars / 2 + tagChars * 4)) / packedBytes)
  if (percent > 100) {
    const what = tagChars > 0 ? 'session tags' : 'session policy'
    throw refuse.PackedPolicyTooLarge({ what, percent })
  }
  return percent
}

/** A request's `Tags` as a record; refuses keys that are given twice or reserved. */
export function sessionTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Readonly<Record<string, string>> {
  const seen = new Map<string, string>()
  for (const { Key = '', Value = '' } of tags ?? []) {
    if (/^aws:/i.test(Key)) {
      throw refuse.InvalidParameterValue({
        text: "System tags starting with 'aws:' are reserved for internal use",
      })
    }
    if ([...seen.keys()].some((key) => key.toLowerCase() === Key.toLowerCase())) {
      throw refuse.InvalidParameterValue({
        text: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      })
    }
    seen.set(Key, Value)
  }
  return Object.fromEntries(seen)
}

/** The account of a role's ARN; undefined: it is none. */
export function roleAccount(roleArn: string): string | undefined {
  return accountOf(roleArn, { iam: /^role\/(?:[!-~]+\/)?[\w+=,.@-]+$/ })
}

/** The account of the ARN of any principal but a role (which AssumeRole denies, and does not call invalid). */
export function otherPrincipalAccount(arn: string): string | undefined {
  return accountOf(arn, {
    iam: /^(?:root|user\/(?:[!-~]+\/)?[\w+=,.@-]+)$/,
    sts: /^(?:assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@-]+$/,
  })
}

function accountOf(text: string, resources: Partial<Record<string, RegExp>>): string | undefined {
  const arn = parseArn(text)
  const fits =
    arn?.region === '' && /^\d{12}$/.test(arn.account) && resources[arn.service]?.test(arn.resource)
  return fits ? arn.account : undefined
}
