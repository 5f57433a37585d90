/** EKS Auth: where the agents on the nodes trade pods' tokens for credentials. */
import type { AwsService } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import type { EksAuthDeps } from './deps.ts'
import { model } from './model.ts'
import { assumeRoleForPodIdentity } from './operations/assume-role-for-pod-identity.ts'

export const operations = { AssumeRoleForPodIdentity: assumeRoleForPodIdentity }

/** The service; it keeps nothing itself. */
export function createEksAuth(deps: EksAuthDeps): AwsService {
  const service = bindService({
    model,
    operations,
    deps,
    constraints: {
      clusterName: { length: [1, 100], pattern: '[0-9A-Za-z][A-Za-z0-9\\-_]*' },
      token: { length: [1, 32_768] },
    },
    validationCode: 'InvalidParameterException',
  })
  return {
    ...service,
    // Its model gives AccessDeniedException 400, unlike that of EKS.
    denied: (message, need, caller) => ({ ...service.denied(message, need, caller), status: 400 }),
  }
}
