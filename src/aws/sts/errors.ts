/** The refusals of STS, with AWS's codes, status and texts. */
import { errors } from '../../kernel/refusal.ts'

export const refuse = errors({
  AccessDenied: [403, '{text}'],
  InvalidAuthorizationMessageException: [400, 'Message is not valid'],
  InvalidParameterValue: [400, '{text}'],
  MalformedPolicyDocument: [400, 'Syntax errors in policy.'],
  PackedPolicyTooLarge: [400, 'Packed size of {what} consumes {percent}% of allotted space.'],
  ValidationError: [400, '{text}'],
})
