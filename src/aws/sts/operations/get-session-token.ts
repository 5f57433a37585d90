/** GetSessionToken: temporary credentials that act as the user who asks. */
import type {
  GetSessionTokenRequest as Input,
  GetSessionTokenResponse as Output,
} from '@aws-sdk/client-sts'
import type { Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { longTermCaller, userSession } from '../user-session.ts'
import { wireCredentials } from '../wire-credentials.ts'

export const getSessionToken: Operation<Input, Output, StsDeps> = {
  name: 'GetSessionToken',
  access: 'any-signed-caller',
  handle(input, call, { sessions }) {
    const caller = longTermCaller(call.caller, 'GetSessionToken')
    if (input.SerialNumber !== undefined || input.TokenCode !== undefined) {
      throw refuse.AccessDenied({
        text: 'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
      })
    }
    const session = userSession(caller, call.at, input.DurationSeconds)
    return { Credentials: wireCredentials(sessions.issueForUser(session)) }
  },
}
