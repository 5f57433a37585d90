/** Secrets Manager, as far as it hands out the secrets that other services keep in it. */
import type { Store } from '../../store/store.ts'
import type { AwsService } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import { loadModel } from '../protocol/load-model.ts'
import { ManagedSecrets } from './managed.ts'
import type { OperationName } from './operation-names.gen.ts'
import { describeSecret } from './operations/describe-secret.ts'
import { getResourcePolicy } from './operations/get-resource-policy.ts'
import { getSecretValue } from './operations/get-secret-value.ts'
import { listSecretVersionIds } from './operations/list-secret-version-ids.ts'
import { listSecrets } from './operations/list-secrets.ts'
import { SecretState } from './state.ts'

/** The table; operations of the model that are not in it are not served. */
export const operations = {
  DescribeSecret: describeSecret,
  GetResourcePolicy: getResourcePolicy,
  GetSecretValue: getSecretValue,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
} as const satisfies Partial<Record<OperationName, object>>

/** By the API reference. */
const constraints = {
  SecretId: { length: [1, 2048] },
  VersionId: { length: [32, 64] },
  VersionStage: { length: [1, 256] },
  NextToken: { length: [1, 4096] },
  MaxResults: { range: [1, 100] },
  Filters: { length: [0, 10] },
} as const

export interface SecretsManager {
  readonly service: AwsService
  /** For the services that own secrets. */
  readonly managed: ManagedSecrets
}

/** Opens the service over its documents in the store. */
export function openSecretsManager({ store }: { readonly store: Store }): SecretsManager {
  const state = new SecretState(store)
  return {
    service: bindService({
      ...{ model: loadModel('secretsmanager'), operations, deps: { state } },
      constraints,
    }),
    managed: new ManagedSecrets(state),
  }
}
