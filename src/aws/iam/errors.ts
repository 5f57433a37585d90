/** The refusals of IAM, with AWS's codes, status and texts. */
import { errors } from '../../kernel/refusal.ts'

export const refuse = errors({
  AccessDenied: [403, '{text}'],
  ConcurrentModification: [
    409,
    'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
  ],
  DeleteConflict: [409, 'Cannot delete entity, must detach all policies first.'],
  DuplicateCertificate: [409, 'The certificate is already associated with this user.'],
  DuplicateSSHPublicKey: [400, 'The SSH public key is already associated with this user.'],
  EntityAlreadyExists: [409, '{kind} with name {name} already exists.'],
  FeatureDisabled: [
    404,
    'The request failed because outbound identity federation is already disabled for your AWS account. You cannot disable the feature multiple times',
  ],
  FeatureEnabled: [
    409,
    'The request failed because outbound identity federation is already enabled for your AWS account. You cannot enable the feature multiple times. To fetch the current configuration (including the unique issuer URL), use the GetOutboundWebIdentityFederationInfo operation.',
  ],
  InvalidAuthenticationCode: [403, 'Authentication code for device is not valid.'],
  InvalidInput: [400, '{text}'],
  InvalidPublicKey: [400, 'The public key is not valid.'],
  InvalidUserType: [400, 'Only IAM Users can change their own password'],
  KeyPairMismatch: [400, 'The public key certificate and the private key do not match.'],
  LimitExceeded: [409, 'Cannot exceed quota for {quota}: {limit}'],
  MalformedCertificate: [400, '{text}'],
  MalformedPolicyDocument: [400, '{text}'],
  NoSuchEntity: [404, 'The {kind} with name {name} cannot be found.'],
  NotSupportedService: [404, 'Service {service} is not supported.'],
  NotImplemented: [501, 'Outbound federation needs an issuer, which is not served here.'],
  OpenIdIdpCommunicationError: [400, 'Unable to connect to {url}'],
  OrganizationNotFoundException: [400, 'The account is not a member of an organization.'],
  PasswordPolicyViolation: [400, 'Password does not conform to the account password policy.'],
  PolicyNotAttachable: [400, 'Cannot attach a Service Role Policy to a Customer Role.'],
  ReportNotPresent: [410, ''],
  UnmodifiableEntity: [
    400,
    "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS",
  ],
  ValidationError: [400, '{text}'],
})
