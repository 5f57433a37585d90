/** The link `session`: are the credentials still those of somebody, and still alive? */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { Verdict } from '../verdict.ts'

/** What is known of the caller's credentials. Times are ms since the epoch. */
export interface SessionLinkFacts {
  readonly now: number
  /** Of temporary credentials. */
  readonly session?: {
    readonly name: string
    readonly issuedAt: number
    readonly expiresAt: number
    /** Set where a node's metadata service handed the credentials out. */
    readonly instanceId?: string
  }
  /** Who the caller is: an ARN, or undefined when nobody signed. */
  readonly callerArn?: string
  /** False where the IAM entity behind the credentials is gone. */
  readonly principalExists: boolean
}

/** Pure: passes living credentials of an existing principal. */
export function sessionVerdict(facts: SessionLinkFacts): Verdict {
  const { session, callerArn, now } = facts
  if (callerArn === undefined) {
    return answer('not-applicable', 'the request is not signed: there is no session')
  }
  if (session && now >= session.expiresAt) {
    return {
      ...answer('refused', `the session \`${session.name}\` has expired`),
      evidence: [
        {
          key: 'expiration',
          wanted: `a time before ${isoSeconds(session.expiresAt)}`,
          actual: isoSeconds(now),
        },
      ],
      fix: 'fetch new credentials: SDKs do it by themselves from the token file; a long-running process must not keep the old ones',
    }
  }
  if (!facts.principalExists) {
    return {
      ...answer('refused', `the principal behind \`${callerArn}\` does not exist any more`),
      evidence: [
        {
          key: 'principal',
          wanted: callerArn,
          actual: 'deleted, or made anew under the same name',
        },
      ],
      fix: 'sign in again with a principal that exists',
    }
  }
  if (!session) return answer('passed', `long-term credentials of \`${callerArn}\``)
  const origin = session.instanceId
    ? `, from the metadata service of node \`${session.instanceId}\``
    : ''
  return answer(
    'passed',
    `the session \`${session.name}\` is valid until ${isoSeconds(session.expiresAt)}${origin}`,
  )
}

function answer(verdict: Verdict['verdict'], summary: string): Verdict {
  return { link: 'session', verdict, summary, evidence: [] }
}
