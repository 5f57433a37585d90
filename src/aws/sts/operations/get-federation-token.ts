/** GetFederationToken: temporary credentials for somebody outside IAM, within what the asking user may do. */
import type {
  GetFederationTokenRequest as Input,
  GetFederationTokenResponse as Output,
} from '@aws-sdk/client-sts'
import type { Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { packedPolicySize, sessionPolicies, sessionTags } from '../session-request.ts'
import { longTermCaller, userSession } from '../user-session.ts'
import { wireCredentials } from '../wire-credentials.ts'

export const getFederationToken: Operation<Input, Output, StsDeps> = {
  name: 'GetFederationToken',
  access(input, call) {
    const caller = longTermCaller(call.caller, 'GetFederationToken')
    const resource = federatedArn(caller.account, input.Name ?? '')
    const tags = sessionTags(input.Tags)
    const keys = Object.keys(tags)
    const context = {
      ...Object.fromEntries(keys.map((key) => [`aws:RequestTag/${key}`, tags[key] ?? ''])),
      ...(keys.length > 0 ? { 'aws:TagKeys': keys } : {}),
    }
    const actions = ['sts:GetFederationToken', ...(keys.length > 0 ? ['sts:TagSession'] : [])]
    return actions.map((action) => ({ action, resource, context }))
  },
  handle(input, call, { identities, sessions }) {
    const caller = longTermCaller(call.caller, 'GetFederationToken')
    const { Name = '' } = input
    const arn = federatedArn(caller.account, Name)
    const tags = sessionTags(input.Tags)
    const policies = sessionPolicies(input, caller.account, identities)
    const packed = packedPolicySize(policies, tags)
    const credentials = sessions.issueForUser({
      ...userSession(caller, call.at, input.DurationSeconds),
      arn,
      ...policies,
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
      federatedName: Name,
    })
    return {
      Credentials: wireCredentials(credentials),
      FederatedUser: { FederatedUserId: `${caller.account}:${Name}`, Arn: arn },
      PackedPolicySize: packed ?? 0,
    }
  },
}

function federatedArn(account: string, name: string): string {
  return `arn:aws:sts::${account}:federated-user/${name}`
}
