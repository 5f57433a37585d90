/** Why a web identity token buys no session: the reasons, and the words in which STS gives each. */

/** Times are seconds since the epoch, as the texts show them. */
export type WebIdentityFault =
  /** Not even three parts. */
  | { readonly kind: 'not-a-token' }
  /** `why` is for log and explanation only. */
  | { readonly kind: 'not-a-jwt'; readonly why: string }
  | { readonly kind: 'missing-claim'; readonly claim: string }
  | { readonly kind: 'bad-claim'; readonly claim: string; readonly why: string }
  /** The tags that the token asks for are none that a session may have. */
  | { readonly kind: 'bad-tags'; readonly why: string }
  | { readonly kind: 'no-provider'; readonly issuer: string }
  /** Discovery or key set not reachable or not usable, or no key with the token's `kid`. */
  | { readonly kind: 'keys-unavailable'; readonly why: string }
  | { readonly kind: 'thumbprint-mismatch'; readonly presented: string }
  | { readonly kind: 'bad-signature' }
  | { readonly kind: 'expired'; readonly now: number; readonly expiry: number }
  /** `age` in seconds since `iat`. */
  | { readonly kind: 'too-old'; readonly age: number }
  | { readonly kind: 'not-yet-valid'; readonly now: number; readonly from: number }
  | { readonly kind: 'wrong-audience' }
  /** The role is missing, or its trust policy does not allow: the client cannot tell which. */
  | { readonly kind: 'not-trusted' }

/** STS's answer: code on the wire, HTTP status, text. */
export interface WebIdentityError {
  readonly code:
    | 'InvalidIdentityToken'
    | 'ExpiredTokenException'
    | 'AccessDenied'
    | 'ValidationError'
  readonly status: 400 | 403
  readonly message: string
}

/** The answer for a fault. Texts are AWS's own, quirks included; where AWS's is not known the comment says so. */
export function webIdentityError(fault: WebIdentityFault): WebIdentityError {
  switch (fault.kind) {
    case 'not-a-token':
      return invalid('Provided Token is not a Login With Amazon token')
    case 'not-a-jwt':
      return invalid(
        'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      )
    case 'missing-claim':
      return invalid(`Missing a required claim: ${fault.claim}`)
    case 'bad-claim':
      return invalid(`Invalid value for claim: ${fault.claim}`) // AWS's text is not known
    case 'bad-tags':
      return { code: 'ValidationError', status: 400, message: 'Unable to validate tags' }
    case 'no-provider':
      return invalid(`No OpenIDConnect provider found in your account for ${fault.issuer}`)
    case 'keys-unavailable':
      // Two spaces after the comma, as AWS writes it.
      return invalid(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
      )
    case 'thumbprint-mismatch':
      return invalid(
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
      )
    case 'bad-signature':
      return invalid('Invalid signature') // AWS's text is not known
    case 'expired':
      return expired(
        `Token expired: current date/time ${fault.now} must be before the expiration date/time ${fault.expiry}`,
      )
    case 'too-old':
      return expired(`Token too old: ${fault.age}`)
    case 'not-yet-valid':
      return invalid('Token is not yet valid') // AWS's text is not known
    case 'wrong-audience':
      return invalid('Incorrect token audience')
    case 'not-trusted':
      return {
        code: 'AccessDenied',
        status: 403,
        message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
      }
  }
}

function invalid(message: string): WebIdentityError {
  return { code: 'InvalidIdentityToken', status: 400, message }
}

function expired(message: string): WebIdentityError {
  return { code: 'ExpiredTokenException', status: 400, message }
}
