/** Puts the parts of one cluster's API together: registry, storage, admission, tokens, the client from within. */
import type { Clock } from '../../kernel/clock.ts'
import type { Issuer } from '../../oidc/issuer-port.ts'
import type { Store } from '../../store/store.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { UserInfo } from '../object.ts'
import { type AdmissionPlugin, admissionChain, type WebhookPlugin } from './admission/admission.ts'
import { defaultTolerationSeconds } from './admission/default-toleration-seconds.ts'
import { namespaceLifecycle } from './admission/namespace-lifecycle.ts'
import { serviceAccountAdmission } from './admission/service-account.ts'
import { accessPolicyAuthorizer } from './authz/access-policies.ts'
import type { Authorizer } from './authz/authorizer.ts'
import { builtInAuthorizer } from './authz/built-in.ts'
import { escalationCheck } from './authz/escalation.ts'
import { RbacRules } from './authz/rbac.ts'
import { localClient } from './local-client.ts'
import type { Machinery, TrackFields } from './machinery.ts'
import { Objects } from './objects.ts'
import { Registry } from './registry.ts'
import { kinds, reviews } from './resources/kinds.ts'
import { type ServiceAccountTokens, serviceAccountTokens } from './service-account-tokens.ts'

export interface ClusterMachinery extends Disposable {
  readonly machinery: Machinery
  readonly tokens: ServiceAccountTokens
  readonly apiAudiences: readonly string[]
  /** All that are asked, in order. */
  readonly authorizers: readonly Authorizer[]
  /** A client that acts as `user`; `fieldManager` owns the fields it writes. */
  clientAs(user: UserInfo, fieldManager?: string): ClusterClient
}

/** Who the server itself is. */
export const serverUser: UserInfo = {
  username: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
}

/**
 * `prefix` is where the cluster lies in the store. `apiAudiences`: for whom a token must be to be let in here;
 * by default what EKS has, `https://kubernetes.default.svc`.
 */
export function clusterMachinery(deps: {
  readonly store: Store
  readonly prefix: string
  readonly clock: Clock
  readonly issuer: Issuer
  readonly apiAudiences?: readonly string[]
  readonly webhooks?: (objects: Objects) => WebhookPlugin
  /** Asked after the server's own, before webhooks. */
  readonly plugins?: readonly AdmissionPlugin[]
  readonly track?: TrackFields
  /** Asked after EKS access policies, before RBAC. */
  readonly authorizers?: readonly Authorizer[]
}): ClusterMachinery {
  const { store, prefix, clock, issuer, track = () => {} } = deps
  const apiAudiences = deps.apiAudiences ?? ['https://kubernetes.default.svc']
  const objects = new Objects(store, prefix)
  const rbac = new RbacRules(objects)
  const authorizers = [builtInAuthorizer, accessPolicyAuthorizer, ...(deps.authorizers ?? []), rbac]
  const plugins = [
    namespaceLifecycle(objects),
    serviceAccountAdmission(objects),
    defaultTolerationSeconds,
    ...(deps.plugins ?? []),
  ]
  const admission = admissionChain(plugins, deps.webhooks?.(objects), [
    escalationCheck({ authorizers, rbac }),
  ])
  const registry = new Registry(kinds, reviews)
  const machinery = { registry, objects, clock, admission, track }
  const tokens = serviceAccountTokens({ objects, issuer, clock, apiAudiences })
  return {
    machinery,
    tokens,
    apiAudiences,
    authorizers,
    [Symbol.dispose]() {
      rbac[Symbol.dispose]()
      objects[Symbol.dispose]()
    },
    clientAs: (user, fieldManager = '') => localClient({ machinery, tokens, user, fieldManager }),
  }
}

/** Makes what a cluster has from the first moment, where it is missing. */
export async function bootstrapCluster(client: ClusterClient, port: number): Promise<void> {
  const core = (resource: string) => ({ group: '', version: 'v1', resource })
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    if (client.get(core('namespaces'), undefined, name)) continue
    await client.create(core('namespaces'), undefined, { metadata: { name } })
  }
  const own = client.get(core('services'), 'default', 'kubernetes')
  if (own) {
    await client.modify(core('services'), 'default', 'kubernetes', (service) => {
      service['spec'].ports[0].targetPort = port
      return service
    })
    return
  }
  await client.create(core('services'), 'default', {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.100.0.1',
      ports: [{ name: 'https', port: 443, targetPort: port }],
    },
  })
}
