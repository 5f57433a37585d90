/** What the operations of STS stand on. */
import type { IssuerKeys } from '../../chain/links/token.ts'
import type { HeaderMemo } from '../../kernel/jwt/jws.ts'
import type { Evaluate } from '../../kernel/policy/decision.ts'
import type { Identities } from '../identities.ts'
import type { Sessions } from '../sessions.ts'

/** Where the keys of OIDC issuers come from (`createVerifier`). */
export interface IssuerKeySource {
  keysOf(request: {
    readonly issuer: string
    readonly thumbprints: readonly string[]
    readonly kid: string
  }): IssuerKeys | Promise<IssuerKeys>
}

/** Signs tokens for AWS identities (`openOutboundIssuers`). */
export interface OutboundSigner {
  /** `iss` of the issuer with this id. */
  urlOf(id: string): string
  sign(claims: Readonly<Record<string, unknown>>, algorithm: 'RS256' | 'ES384'): Promise<string>
}

export interface StsDeps {
  readonly identities: Identities
  readonly sessions: Sessions
  readonly verifier: IssuerKeySource
  readonly evaluate: Evaluate
  /** Spares reading the same header with each web identity token. */
  readonly headers?: HeaderMemo
  /** Absent: no account can have tokens signed. */
  readonly outbound?: OutboundSigner | undefined
  /** True of issuers that this lab runs itself: their providers may be registered without the port. */
  readonly isOwnIssuer?: ((issuer: string) => boolean) | undefined
  /** Name of the cluster whose issuer this is, where it is known: for records and fixes. */
  readonly clusterOf?: ((issuer: string) => string | undefined) | undefined
}
