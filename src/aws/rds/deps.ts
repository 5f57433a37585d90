/** What RDS's operations work with. */
import type { DatabaseControl } from './database-control.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { MasterSecrets } from './master-secret.ts'
import type { RdsState } from './state.ts'

export interface RdsDeps {
  readonly state: RdsState
  readonly lifecycle: Pick<Lifecycle, 'start' | 'stop' | 'restart' | 'change' | 'remove'>
  readonly databases: Pick<DatabaseControl, 'engineVersion' | 'freePort' | 'passwordVerifier'>
  readonly secrets: MasterSecrets
}
