/** What EKS Auth stands on. */
import type { IssuerKeys } from '../../chain/links/token.ts'
import type { Association, PodIdentityCluster } from '../../chain/pod-identity.ts'
import type { Evaluate } from '../../kernel/policy/decision.ts'
import type { Identities } from '../identities.ts'
import type { Sessions } from '../sessions.ts'

export interface EksAuthDeps {
  readonly identities: Pick<Identities, 'role' | 'used'>
  readonly sessions: Pick<Sessions, 'issue'>
  readonly evaluate: Evaluate
  /** A cluster that runs, with its issuer; undefined: there is none of that ARN. */
  cluster(arn: string): PodIdentityCluster | undefined
  /** The public keys of that cluster's issuer. */
  keys(clusterArn: string): IssuerKeys
  association(
    clusterArn: string,
    namespace: string,
    serviceAccount: string,
  ): Association | undefined
}
