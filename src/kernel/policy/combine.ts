/** The combination of policy types: what each said, and what follows ("Policy evaluation logic", IAM user guide). */
import type { PolicyType } from './decision.ts'
import { ACCOUNT, DIRECT, NOBODY, type PrincipalMatch, ROLE } from './principal-element.ts'

/** What the policies said of a request by a member of an account, once no Deny matched and no outer layer refused. */
export interface LayerAnswers {
  readonly root: boolean
  readonly sameAccount: boolean
  /** Whether the resource's policy must itself allow (trust policies, KMS keys). */
  readonly resourceRequired: boolean
  /** How closely the best Allow of the resource policy names the caller. */
  readonly granted: PrincipalMatch
  readonly identity: boolean
  /** True where there is none. */
  readonly boundary: boolean
  /** True where there is none. */
  readonly session: boolean
}

/** Which inner layers the decision rests on: a grant by these types, or the refusal of one. */
export type Combination =
  | { readonly allowedBy: readonly ('resource' | 'identity' | 'boundary' | 'session')[] }
  | { readonly deniedBy: PolicyType }

const byResource = { allowedBy: ['resource'] } as const
const bySessionAlone = { allowedBy: ['session'] } as const
const byResourceWithinLimits = { allowedBy: ['resource', 'boundary', 'session'] } as const
const byIdentity = { allowedBy: ['identity', 'boundary', 'session'] } as const
const byBoth = { allowedBy: ['resource', 'identity', 'boundary', 'session'] } as const
const no = (deniedBy: PolicyType): Combination => ({ deniedBy })

export function combine(answers: LayerAnswers): Combination {
  const { root, sameAccount, granted, identity } = answers
  const resourceNeeded = answers.resourceRequired || !sameAccount
  if (root) {
    if (resourceNeeded && granted === NOBODY) return no('resource')
    return limited(answers, granted === NOBODY ? bySessionAlone : byResource)
  }
  if (sameAccount && granted === DIRECT) return byResource
  if (sameAccount && granted === ROLE) return limited(answers, byResourceWithinLimits)
  // A role's trust policy is read before anything of the caller's own.
  if (sameAccount && resourceNeeded && granted < ACCOUNT) return no('resource')
  if (!identity) return no('identity')
  if (resourceNeeded && granted < ACCOUNT) return no('resource')
  return limited(answers, resourceNeeded ? byBoth : byIdentity)
}

function limited(answers: LayerAnswers, grant: Combination): Combination {
  if (!answers.boundary) return no('boundary')
  return answers.session ? grant : no('session')
}
