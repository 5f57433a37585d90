/** GetAccessKeyInfo: the account that an access key id belongs to. */
import type {
  GetAccessKeyInfoRequest as Input,
  GetAccessKeyInfoResponse as Output,
} from '@aws-sdk/client-sts'
import { accountOfAccessKeyId } from '../../../kernel/session/access-key-id.ts'
import type { Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'

export const getAccessKeyInfo: Operation<Input, Output, StsDeps> = {
  name: 'GetAccessKeyInfo',
  access: () => [{ action: 'sts:GetAccessKeyInfo', resource: '*' }],
  handle({ AccessKeyId = '' }, _, { identities }) {
    const known = identities.accessKey(AccessKeyId)?.caller.account
    const account = known ?? accountOfAccessKeyId(AccessKeyId)
    if (account === undefined) {
      throw refuse.ValidationError({ text: 'Access key ID is not valid.' })
    }
    return { Account: account }
  },
}
