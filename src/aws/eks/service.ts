/** The EKS service: its API, the life of its clusters, and who an IAM caller is in each of them. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { UserInfo } from '../../kubernetes/object.ts'
import type { Store } from '../../store/store.ts'
import type { AwsService } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import { loadModel } from '../protocol/load-model.ts'
import type { AwsAuthData } from './aws-auth.ts'
import type { ClusterControl, FindLaunchTemplate } from './cluster-control.ts'
import { mapCaller, type TokenCaller } from './identity-mapping.ts'
import { Lifecycle } from './lifecycle.ts'
import { operations } from './operations.ts'
import { associationKey } from './pod-identity.ts'
import { type PodIdentityRecord, parseClusterArn } from './records.ts'
import { EksState } from './state.ts'
import { constraints } from './validation.ts'

export interface EksOptions {
  readonly store: Store
  readonly clock: Clock
  /** Runs the clusters; called only after this function has returned. */
  readonly clusters: ClusterControl
  readonly log: Log
  /** True for the ARN of an IAM role that is there: clusters and node groups must name one. */
  roleExists(arn: string): boolean
  /** True where that role lets the service assume it; absent: not looked at. */
  roleTrusts?(arn: string, service: string): boolean
  /** EC2's launch templates; absent: node groups cannot name one. */
  readonly launchTemplate?: FindLaunchTemplate
}

export interface Eks extends AsyncDisposable {
  readonly service: AwsService
  /** Starts what the store says should run, and finishes what was begun. Call once, when `clusters` is ready for it. */
  resume(): Promise<void>
  /**
   * The Kubernetes user of an IAM caller, whose token the caller of this has verified; undefined: nobody (401). `awsAuth`
   * is the `data` of ConfigMap kube-system/aws-auth.
   */
  mapIdentity(clusterArn: string, caller: TokenCaller, awsAuth?: AwsAuthData): UserInfo | undefined
  /** The EKS Pod Identity association of a ServiceAccount, as it is now. */
  podIdentity(
    clusterArn: string,
    namespace: string,
    serviceAccount: string,
  ): PodIdentityRecord | undefined
  /** True where the cluster has the add-on, or its software since it was deleted. */
  hasAddon(clusterArn: string, name: string): boolean
}

/** Opens EKS over its documents in the store. Disposing waits for work under way; it stops no cluster. */
export function openEks(options: EksOptions): Eks {
  const {
    store,
    clock,
    clusters,
    log,
    roleExists,
    roleTrusts = () => true,
    launchTemplate,
  } = options
  const state = new EksState(store)
  const lifecycle = new Lifecycle(state, clusters, clock, log)
  return {
    service: bindService({
      model: loadModel('eks'),
      operations,
      deps: { state, lifecycle, roleExists, roleTrusts, launchTemplate },
      constraints,
      validationCode: 'InvalidParameterException',
    }),
    resume: () => lifecycle.resume(),
    mapIdentity(clusterArn, caller, awsAuth) {
      const key = parseClusterArn(clusterArn)
      const cluster = key && state.findCluster(key)
      if (!cluster) return undefined
      return mapCaller(caller, {
        cluster,
        entries: state.list(cluster, 'access-entry'),
        awsAuth,
        privateDnsName: (id) => clusters.privateDnsName?.(clusterArn, id),
      })
    },
    podIdentity(clusterArn, namespace, serviceAccount) {
      const key = parseClusterArn(clusterArn)
      return key && state.find(key, 'pod-identity', associationKey(namespace, serviceAccount))
    },
    hasAddon(clusterArn, name) {
      const key = parseClusterArn(clusterArn)
      if (!key) return false
      if (state.find(key, 'addon', name)) return true
      return state.findCluster(key)?.preservedAddons?.includes(name) ?? false
    },
    [Symbol.asyncDispose]: () => lifecycle.settled(),
  }
}
