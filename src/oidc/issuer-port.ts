/** An OIDC issuer as the API server and the lab use it. */

/** A public key as the JWKS shows it. */
export interface PublicJwk {
  readonly kty: string
  readonly use: 'sig'
  readonly alg: string
  readonly kid: string
  readonly n?: string
  readonly e?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
}

/** What an issuer shows to the world, under its URL over HTTPS. */
export interface PublishedIssuer {
  /** Issuer URL, byte for byte the tokens' `iss`: `https://localhost:4567/id/<hex>`. */
  readonly url: string
  discovery(): Readonly<Record<string, unknown>>
  jwks(): { readonly keys: readonly PublicJwk[] }
}

/** Signs ServiceAccount tokens for one cluster. */
export interface Issuer extends PublishedIssuer {
  /** Signs the claims with the active key: `iss` is set by the caller. RS256, header `kid`. */
  sign(claims: Readonly<Record<string, unknown>>): string
  /** Checks signature and `iss` of one of our own tokens; undefined when it is not ours. Judges no times. */
  verifyOwn(token: string): Readonly<Record<string, unknown>> | undefined
}
