/** What each link of the chain answers: passed or refused, with the values that decided and the fix. */

export type LinkName =
  | 'service-account'
  | 'injection'
  | 'token'
  | 'provider'
  | 'trust'
  | 'session'
  | 'permissions'
  | 'resource'

/** The links in the order in which a request meets them. */
export const linkNames: readonly LinkName[] = [
  'service-account',
  'injection',
  'token',
  'provider',
  'trust',
  'session',
  'permissions',
  'resource',
]

/** Two values that were compared, and where each comes from. */
export interface Evidence {
  readonly wanted?: string
  readonly actual?: string
  /** The condition key, claim or field compared. */
  readonly key?: string
  readonly operator?: string
  /** The document or object that asked: a policy's name and statement, an annotation. */
  readonly source?: string
}

/** The answer of one link. `fix` is a command, or one sentence, that mends a refusal. */
export interface Verdict {
  readonly link: LinkName
  readonly verdict: 'passed' | 'refused' | 'not-reached' | 'not-applicable'
  /** One line, lower case, no trailing stop. */
  readonly summary: string
  readonly evidence: readonly Evidence[]
  readonly fix?: string
}
