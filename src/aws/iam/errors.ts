/** The refusals of IAM, with AWS's codes, status and texts. */
import { errors } from '../../kernel/refusal.ts'

export const refuse = errors({
  AccessDenied: [403, '{text}'],
  ConcurrentModification: [
    409,
    'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
  ],
  CredentialReportNotPresent: [410, 'No report is present.'],
  DeleteConflict: [409, 'Cannot delete entity, must detach all policies first.'],
  EntityAlreadyExists: [409, '{kind} with name {name} already exists.'],
  FeatureDisabled: [
    404,
    'The request failed because outbound identity federation is already disabled for your AWS account. You cannot disable the feature multiple times',
  ],
  FeatureEnabled: [
    409,
    'The request failed because outbound identity federation is already enabled for your AWS account. You cannot enable the feature multiple times. To fetch the current configuration (including the unique issuer URL), use the GetOutboundWebIdentityFederationInfo operation.',
  ],
  InvalidInput: [400, '{text}'],
  LimitExceeded: [409, 'Cannot exceed quota for {quota}: {limit}'],
  MalformedPolicyDocument: [400, '{text}'],
  NoSuchEntity: [404, 'The {kind} with name {name} cannot be found.'],
  NotImplemented: [501, 'Outbound federation needs an issuer, which is not served here.'],
  OpenIdIdpCommunicationError: [400, 'Unable to connect to {url}'],
  PolicyNotAttachable: [400, 'Cannot attach a Service Role Policy to a Customer Role.'],
  UnmodifiableEntity: [
    400,
    "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS",
  ],
  ValidationError: [400, '{text}'],
})
