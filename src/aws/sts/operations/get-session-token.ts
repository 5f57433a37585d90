/** GetSessionToken: temporary credentials that act as the user who asks. */
import type {
  GetSessionTokenRequest as Input,
  GetSessionTokenResponse as Output,
} from '@aws-sdk/client-sts'
import type { Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { usesMfa } from '../mfa.ts'
import { longTermCaller, userSession } from '../user-session.ts'
import { wireCredentials } from '../wire-credentials.ts'

export const getSessionToken: Operation<Input, Output, StsDeps> = {
  name: 'GetSessionToken',
  access: 'any-signed-caller',
  async handle(input, call, deps) {
    const caller = longTermCaller(call.caller, 'GetSessionToken')
    const session = {
      ...userSession(caller, call.at, input.DurationSeconds),
      ...((await usesMfa(input, call, deps)) && { mfaAt: call.at }),
    }
    return { Credentials: wireCredentials(deps.sessions.issueForUser(session)) }
  },
}
