/** The RDS service: its API, and the life of its DB clusters. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Store } from '../../store/store.ts'
import type { AwsService } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import { loadModel } from '../protocol/load-model.ts'
import type { DatabaseControl } from './database-control.ts'
import { Lifecycle } from './lifecycle.ts'
import type { MasterSecrets } from './master-secret.ts'
import { operations } from './operations.ts'
import { RdsState } from './state.ts'

export interface RdsOptions {
  readonly store: Store
  readonly clock: Clock
  /** Runs the databases; called only once there are some, or one is asked for. */
  readonly databases: DatabaseControl
  /** Keeps the passwords that RDS makes up. */
  readonly secrets: MasterSecrets
  readonly log: Log
}

export interface Rds extends AsyncDisposable {
  readonly service: AwsService
  /** Starts what the store says should run, and finishes what was begun. Without DB clusters it does nothing. */
  resume(): Promise<void>
}

/** Opens RDS over its documents in the store. Disposing waits for work under way; it stops no database. */
export function openRds({ store, clock, databases, secrets, log }: RdsOptions): Rds {
  const state = new RdsState(store)
  const lifecycle = new Lifecycle({ state, databases, secrets, clock, log })
  return {
    service: onDemand('rds', '2014-10-31', () =>
      bindService({
        model: loadModel('rds'),
        operations,
        deps: { state, lifecycle, databases, secrets },
        validationCode: 'InvalidParameterValue',
      }),
    ),
    resume: () => lifecycle.resume(),
    [Symbol.asyncDispose]: () => lifecycle.settled(),
  }
}

/** RDS's model is the largest, and most labs have no database: it is read with the first request. */
function onDemand(signingName: string, apiVersion: string, load: () => AwsService): AwsService {
  let loaded: AwsService | undefined
  const service = (): AwsService => {
    loaded ??= load()
    return loaded
  }
  return {
    signingName,
    apiVersion,
    match: (...request) => service().match(...request),
    writeError: (...error) => service().writeError(...error),
    get authenticationErrors() {
      return service().authenticationErrors
    },
    denied: (...denial) => service().denied(...denial),
  }
}
