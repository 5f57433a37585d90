/** EC2's refusals: codes with dots, and its own texts. */

import type { AuthenticationErrors, WireError } from '../operation.ts'
import { errors } from '../operation.ts'

export const refuse = errors({
  'InvalidInstanceID.NotFound': [400, "The instance ID '{id}' does not exist"],
  'InvalidInstanceID.Malformed': [400, 'Invalid id: "{id}"'],
  'InvalidLaunchTemplateId.NotFound': [
    400,
    'The specified launch template, with template ID {id}, does not exist.',
  ],
  'InvalidLaunchTemplateId.VersionNotFound': [
    400,
    'Could not find launch template version {version}.',
  ],
  'InvalidLaunchTemplateName.NotFoundException': [
    400,
    'At least one of the launch templates specified in the request does not exist.',
  ],
  'InvalidLaunchTemplateName.AlreadyExistsException': [400, 'Launch template name already in use.'],
  MissingParameter: [400, 'The request must contain the parameter {name}'],
  InvalidParameterValue: [400, '{text}'],
  InvalidParameterCombination: [400, '{text}'],
  UnsupportedOperation: [400, '{text}'],
  DryRunOperation: [412, 'Request would have succeeded, but DryRun flag is set.'],
})

const authFailure = () =>
  error('AuthFailure', 401, 'AWS was not able to validate the provided access credentials')
const expired = () => error('RequestExpired', 400, 'Request has expired.')

export const authenticationErrors: AuthenticationErrors = {
  missing: () =>
    error('MissingParameter', 400, 'The request must contain the parameter AWSAccessKeyId'),
  malformed: authFailure,
  unsupported: authFailure,
  'unknown-key': authFailure,
  'inactive-key': authFailure,
  'bad-session-token': authFailure,
  'bad-signature': authFailure,
  'wrong-payload-hash': authFailure,
  'unsigned-headers': authFailure,
  'expired-session': expired,
  skewed: expired,
  'expired-request': expired,
  'wrong-scope': authFailure,
}

function error(code: string, status: number, message: string): WireError {
  return { code, status, message }
}
