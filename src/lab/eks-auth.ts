/** EKS Auth over the clusters of a lab, and what EKS asks about roles. */
import type { Eks } from '../aws/eks/service.ts'
import type { EksAuthDeps } from '../aws/eks-auth/deps.ts'
import { createEksAuth } from '../aws/eks-auth/service.ts'
import type { Identities } from '../aws/identities.ts'
import type { AwsService } from '../aws/operation.ts'
import { judgeTrust } from '../chain/links/trust.ts'
import { isoMillis } from '../kernel/iso-time.ts'
import { readKeySet } from '../kernel/jwt/jwk.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import type { Clusters } from './clusters.ts'

/** The service; clusters' own issuers vouch for their tokens. */
export function openEksAuth(
  clusters: Clusters,
  eks: Eks,
  { identities, sessions }: Pick<EksAuthDeps, 'identities' | 'sessions'>,
): AwsService {
  return createEksAuth({
    identities,
    sessions,
    evaluate,
    cluster: (arn) => clusters.identityOf(arn),
    keys: (arn) => {
      const { keys = [] } = readKeySet(clusters.identityOf(arn)?.jwks()) ?? {}
      return { kind: 'keys', keys, stale: false }
    },
    association: (...of) => eks.podIdentity(...of),
  })
}

/** True where the role's trust policy lets a service assume it. `at` in ms since the epoch. */
export function trustsService(
  roleArn: string,
  service: string,
  { identities, at }: { identities: Pick<Identities, 'role'>; at: number },
): boolean {
  return judgeTrust({
    evaluate,
    principal: { kind: 'service', service },
    actions: ['sts:AssumeRole'],
    roleArn,
    role: identities.role(roleArn),
    context: { 'aws:CurrentTime': isoMillis(at) },
  }).trusted
}
