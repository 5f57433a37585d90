/** How each protocol's services say that a request's signature or credentials are no good. */
import type { AuthenticationErrors, WireError } from '../operation.ts'
import type { Protocol } from './model.ts'

type Facts = Readonly<Record<string, string>>

const signatureText =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access ' +
  'Key and signing method. Consult the service documentation for details.'
const invalidToken = 'The security token included in the request is invalid.'
const expiredToken = 'The security token included in the request is expired'

/** The table for `query`, `json` and `rest-json` services; S3 has its own words. */
export function authenticationErrors(
  protocol: Exclude<Protocol, 'rest-xml'>,
): AuthenticationErrors {
  const query = protocol === 'query'
  const status = query ? 403 : protocol === 'json' ? 400 : 403
  const error = (
    queryCode: string,
    jsonCode: string,
    text: string | ((facts: Facts) => string),
  ) => {
    return (facts: Facts): WireError => ({
      code: query ? queryCode : jsonCode,
      status,
      message: typeof text === 'string' ? text : text(facts),
    })
  }
  const signature = (text: string | ((facts: Facts) => string)) =>
    error('SignatureDoesNotMatch', 'InvalidSignatureException', text)
  const unknown = error('InvalidClientTokenId', 'UnrecognizedClientException', invalidToken)
  return {
    missing: error(
      'MissingAuthenticationToken',
      'MissingAuthenticationTokenException',
      query ? 'Request is missing Authentication Token' : 'Missing Authentication Token',
    ),
    malformed: (facts) => ({
      code: query ? 'IncompleteSignature' : 'IncompleteSignatureException',
      status: 400,
      message:
        facts['reason'] ??
        'Request must contain a signature that conforms to AWS standards, which this one does not.',
    }),
    'unknown-key': unknown,
    'inactive-key': unknown,
    'bad-signature': signature(signatureText),
    'expired-session': error('ExpiredToken', 'ExpiredTokenException', expiredToken),
    'bad-session-token': unknown,
    skewed: signature(skewText),
    'expired-request': signature(skewText),
    'wrong-payload-hash': signature(signatureText),
    'wrong-scope': signature(
      (facts) => facts['reason'] ?? 'Credential should be scoped to a valid region.',
    ),
    'unsigned-headers': signature(signatureText),
    unsupported: signature((facts) => facts['reason'] ?? signatureText),
  }
}

/** `Signature expired: 20260101T000000Z is now earlier than 20260101T000100Z (20260101T000600Z - 5 min.)` */
function skewText(facts: Facts): string {
  const { reason, requestTime, earliest, serverTime } = facts
  if (reason) return reason
  if (!requestTime) return 'Signature expired'
  if (!earliest || !serverTime)
    return `Signature expired: ${requestTime} is too old or not yet valid`
  return `Signature expired: ${requestTime} is now earlier than ${earliest} (${serverTime} - 5 min.)`
}
