/** DecodeAuthorizationMessage: opens the sealed explanation that a service put into a denial. */
import type {
  DecodeAuthorizationMessageRequest as Input,
  DecodeAuthorizationMessageResponse as Output,
} from '@aws-sdk/client-sts'
import type { Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'

export const decodeAuthorizationMessage: Operation<Input, Output, StsDeps> = {
  name: 'DecodeAuthorizationMessage',
  access: () => [{ action: 'sts:DecodeAuthorizationMessage', resource: '*' }],
  handle({ EncodedMessage = '' }, call, { sessions }) {
    const message = sessions.openMessage(call.account, EncodedMessage)
    if (message === undefined) throw refuse.InvalidAuthorizationMessageException()
    return { DecodedMessage: message }
  },
}
