/** What GetSessionToken and GetFederationToken share: who may ask, and for how long. */
import type { Caller } from '../caller.ts'
import type { UserSessionFacts } from '../sessions.ts'
import { refuse } from './errors.ts'

type LongTerm = Extract<Caller, { kind: 'user' | 'root' }>

const defaultSeconds = 43_200
const rootSecondsMax = 3600

/** Only long-term credentials may ask. */
export function longTermCaller(caller: Caller, operation: string): LongTerm {
  if (caller.kind === 'session' || caller.kind === 'anonymous' || caller.temporary) {
    throw refuse.AccessDenied({ text: `Cannot call ${operation} with session credentials` })
  }
  return caller
}

/** The facts to seal; root's sessions live an hour at most, whatever is asked for. `at`: ms since the epoch. */
export function userSession(
  caller: LongTerm,
  at: number,
  requestedSeconds: number | undefined,
): UserSessionFacts {
  const seconds = requestedSeconds ?? defaultSeconds
  const life = caller.kind === 'root' ? Math.min(seconds, rootSecondsMax) : seconds
  return {
    account: caller.account,
    arn: caller.arn,
    userId: caller.kind === 'user' ? caller.userId : caller.account,
    ...(caller.kind === 'user' ? { userName: caller.userName } : {}),
    issuedAt: at,
    expiresAt: at + life * 1000,
  }
}
