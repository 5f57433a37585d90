/**
 * The refusals of authentication in each protocol's words (AWS's own texts where they are known). A service takes the
 * table of its protocol as its `authenticationErrors`.
 */
import type { AuthenticationErrors, WireError } from '../operation.ts'

type Facts = Readonly<Record<string, string>>

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your '
const mismatchQuery = `${mismatch}AWS Secret Access Key and signing method. Consult the service documentation for details.`

/** IAM, STS, RDS. */
export const queryAuthenticationErrors: AuthenticationErrors = {
  missing: () =>
    error('MissingAuthenticationToken', 403, 'Request is missing Authentication Token'),
  malformed: (facts) => error('IncompleteSignature', 400, facts['why'] ?? ''),
  unsupported: (facts) => error('IncompleteSignature', 400, facts['why'] ?? ''),
  'unknown-key': () => error('InvalidClientTokenId', 403, invalidToken),
  'inactive-key': () => error('InvalidClientTokenId', 403, invalidToken),
  'bad-session-token': () => error('InvalidClientTokenId', 403, invalidToken),
  'bad-signature': () => error('SignatureDoesNotMatch', 403, mismatchQuery),
  'wrong-payload-hash': () => error('SignatureDoesNotMatch', 403, mismatchQuery),
  'unsigned-headers': (facts) => error('SignatureDoesNotMatch', 403, mustBeSigned(facts)),
  'expired-session': () => error('ExpiredToken', 403, expiredToken),
  skewed: (facts) => error('SignatureDoesNotMatch', 403, skewText(facts)),
  'expired-request': (facts) => error('SignatureDoesNotMatch', 403, skewText(facts)),
  'wrong-scope': (facts) => error('SignatureDoesNotMatch', 403, scopeText(facts)),
}

/** EKS and other rest-json services. */
export const restJsonAuthenticationErrors: AuthenticationErrors = jsonErrors(403)

/** JSON 1.0 and 1.1 services, such as CloudTrail: every client error is a 400. */
export const jsonAuthenticationErrors: AuthenticationErrors = jsonErrors(400)

/** S3. */
export const s3AuthenticationErrors: AuthenticationErrors = {
  missing: () => error('AccessDenied', 403, 'Access Denied'),
  malformed: (facts) =>
    facts['form'] === 'query'
      ? error('AuthorizationQueryParametersError', 400, facts['why'] ?? '')
      : error(
          'AuthorizationHeaderMalformed',
          400,
          `The authorization header is malformed; ${facts['why'] ?? ''}`,
        ),
  unsupported: () =>
    error(
      'InvalidRequest',
      400,
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    ),
  'unknown-key': invalidAccessKeyId,
  'inactive-key': invalidAccessKeyId,
  'bad-session-token': () =>
    error('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'),
  'bad-signature': (facts) => ({
    ...error('SignatureDoesNotMatch', 403, `${mismatch}key and signing method.`),
    members: {
      AWSAccessKeyId: facts['accessKeyId'] ?? '',
      StringToSign: facts['stringToSign'] ?? '',
      SignatureProvided: facts['signature'] ?? '',
      StringToSignBytes: hexBytes(facts['stringToSign']),
      CanonicalRequest: facts['canonicalRequest'] ?? '',
      CanonicalRequestBytes: hexBytes(facts['canonicalRequest']),
    },
  }),
  'wrong-payload-hash': (facts) => ({
    ...error(
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
    members: {
      ClientComputedContentSHA256: facts['sent'] ?? '',
      S3ComputedContentSHA256: facts['computed'] ?? '',
    },
  }),
  'unsigned-headers': (facts) => ({
    ...error(
      'AccessDenied',
      403,
      'There were headers present in the request which were not signed',
    ),
    members: { HeadersNotSigned: facts['names'] ?? '' },
  }),
  'expired-session': () => error('ExpiredToken', 400, 'The provided token has expired.'),
  skewed: (facts) => ({
    ...error(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
    ),
    members: {
      RequestTime: facts['requestTime'] ?? '',
      ServerTime: facts['serverTimeIso'] ?? '',
      MaxAllowedSkewMilliseconds: '900000',
    },
  }),
  'expired-request': (facts) => ({
    ...error('AccessDenied', 403, 'Request has expired'),
    members: {
      // Signature V2 names only the end.
      ...(facts['expiresSeconds'] ? { 'X-Amz-Expires': facts['expiresSeconds'] } : {}),
      Expires: facts['expiresAtIso'] ?? '',
      ServerTime: facts['serverTimeIso'] ?? '',
    },
  }),
  'wrong-scope': ({ form, region = '', wantedRegion = '' }) => ({
    ...(form === 'query'
      ? error(
          'AuthorizationQueryParametersError',
          400,
          `Error parsing the X-Amz-Credential parameter; the region '${region}' is wrong; expecting '${wantedRegion}'`,
        )
      : error(
          'AuthorizationHeaderMalformed',
          400,
          `The authorization header is malformed; the region '${region}' is wrong; expecting '${wantedRegion}'`,
        )),
    members: { Region: wantedRegion },
    // An answer to HEAD has no body; by this header SDKs find the way.
    headers: { 'x-amz-bucket-region': wantedRegion },
  }),
}

const invalidToken = 'The security token included in the request is invalid.'
const expiredToken = 'The security token included in the request is expired'

function jsonErrors(status: 400 | 403): AuthenticationErrors {
  return {
    missing: () =>
      error('MissingAuthenticationTokenException', status, 'Missing Authentication Token'),
    malformed: (facts) => error('IncompleteSignatureException', status, facts['why'] ?? ''),
    unsupported: (facts) => error('IncompleteSignatureException', status, facts['why'] ?? ''),
    'unknown-key': () => error('UnrecognizedClientException', status, invalidToken),
    'inactive-key': () => error('UnrecognizedClientException', status, invalidToken),
    'bad-session-token': () => error('UnrecognizedClientException', status, invalidToken),
    'bad-signature': () => error('InvalidSignatureException', status, mismatchQuery),
    'wrong-payload-hash': () => error('InvalidSignatureException', status, mismatchQuery),
    'unsigned-headers': (facts) => error('InvalidSignatureException', status, mustBeSigned(facts)),
    'expired-session': () => error('ExpiredTokenException', status, expiredToken),
    skewed: (facts) => error('InvalidSignatureException', status, skewText(facts)),
    'expired-request': (facts) => error('InvalidSignatureException', status, skewText(facts)),
    'wrong-scope': (facts) => error('InvalidSignatureException', status, scopeText(facts)),
  }
}

function error(code: string, status: number, message: string): WireError {
  return { code, status, message }
}

function invalidAccessKeyId(facts: Facts): WireError {
  return {
    ...error(
      'InvalidAccessKeyId',
      403,
      'The AWS Access Key Id you provided does not exist in our records.',
    ),
    members: { AWSAccessKeyId: facts['accessKeyId'] ?? '' },
  }
}

function mustBeSigned(facts: Facts): string {
  return `'${facts['names'] ?? ''}' must be a 'SignedHeader' in the AWS Authorization.`
}

function scopeText(facts: Facts): string {
  return `Credential should be scoped to a valid region, not '${facts['region'] ?? ''}'.`
}

/** `requestTime`, `bound` and `serverTime` as in X-Amz-Date, `minutes` of tolerance, `direction` past or future. */
function skewText(facts: Facts): string {
  const { requestTime = '', bound = '', serverTime = '', minutes = '' } = facts
  return facts['direction'] === 'future'
    ? `Signature not yet current: ${requestTime} is still later than ${bound} (${serverTime} + ${minutes} min.)`
    : `Signature expired: ${requestTime} is now earlier than ${bound} (${serverTime} - ${minutes} min.)`
}

function hexBytes(text = ''): string {
  return (Buffer.from(text, 'latin1').toString('hex').match(/../g) ?? []).join(' ')
}
