/** What the operations of STS stand on. */
import type { IssuerKeys } from '../../chain/links/token.ts'
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

export interface StsDeps {
  readonly identities: Identities
  readonly sessions: Sessions
  readonly verifier: IssuerKeySource
  readonly evaluate: Evaluate
  /** True of issuers that this lab runs itself: their providers may be registered without the port. */
  readonly isOwnIssuer?: ((issuer: string) => boolean) | undefined
  /** Name of the cluster whose issuer this is, where it is known: for records and fixes. */
  readonly clusterOf?: ((issuer: string) => string | undefined) | undefined
}
