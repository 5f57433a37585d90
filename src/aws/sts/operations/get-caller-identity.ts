/** GetCallerIdentity: says who signed the request. Needs no permission and cannot be denied. */
import type { GetCallerIdentityResponse as Output } from '@aws-sdk/client-sts'
import type { SignedCaller } from '../../caller.ts'
import type { Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'

export const getCallerIdentity: Operation<unknown, Output, StsDeps> = {
  name: 'GetCallerIdentity',
  access: 'any-signed-caller',
  handle(_, { caller }) {
    if (caller.kind === 'anonymous') throw refuse.AccessDenied({ text: 'Access denied' })
    return { UserId: userIdOf(caller), Account: caller.account, Arn: caller.arn }
  },
}

/** AWS's `UserId`: the account of root, `account:name` of a federated user. */
export function userIdOf(caller: SignedCaller): string {
  if (caller.kind === 'root') return caller.account
  if (caller.kind === 'session') return caller.userId
  const federated = caller.temporary?.federatedName
  return federated === undefined ? caller.userId : `${caller.account}:${federated}`
}
