/** What Secrets Manager's operations work with. */
import type { SecretState } from './state.ts'

export interface SecretsManagerDeps {
  readonly state: Pick<SecretState, 'find' | 'list'>
}
