/** The refusals of STS, with AWS's codes, status and texts. */
import { errors } from '../../kernel/refusal.ts'

export const refuse = errors({
  AccessDenied: [403, '{text}'],
  InvalidAuthorizationMessageException: [400, 'Message is not valid'],
  InvalidParameterValue: [400, '{text}'],
  MalformedPolicyDocument: [400, 'Syntax errors in policy.'],
  PackedPolicyTooLarge: [400, 'Packed size of {what} consumes {percent}% of allotted space.'],
  JWTPayloadSizeExceededException: [
    400,
    'The requested token payload size exceeds the maximum allowed size. Reduce the number of request tags included in the GetWebIdentityToken API call to reduce the token payload size.',
  ],
  OutboundWebIdentityFederationDisabledException: [
    403,
    'The outbound web identity federation feature is not enabled for this account. To use this feature, you must first enable it through the AWS Management Console or API.',
  ],
  SessionDurationEscalationException: [
    403,
    'The requested token duration would extend the session beyond its original expiration time. You cannot use this operation to extend the lifetime of a session beyond what was granted when the session was originally created.',
  ],
  ValidationError: [400, '{text}'],
})
