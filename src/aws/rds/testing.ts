/** RDS for tests: a gateway with the service alone, over databases that are only pretended. */
import { silentLog } from '../../audit/log.ts'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { startTestGateway, type TestGateway } from '../gateway/testing.ts'
import type { DatabaseAddresses, DatabaseControl, DatabaseSpec } from './database-control.ts'
import type { MasterSecrets } from './master-secret.ts'
import { openRds, type Rds } from './service.ts'

/** Remembers what it was asked for; `broken`: the text of its failure. */
export class PretendedDatabases implements DatabaseControl {
  readonly running = new Map<string, DatabaseSpec>()
  broken: string | undefined
  version = '15.18'

  async engineVersion(): Promise<string> {
    if (this.broken !== undefined) throw new Error(this.broken)
    return this.version
  }

  async passwordVerifier(password: string): Promise<string> {
    return `verifier of ${password.length} characters`
  }

  async freePort(wanted?: number): Promise<number | undefined> {
    const taken = [...this.running.values()].some(({ port }) => port === (wanted ?? 5432))
    return taken ? (wanted === undefined ? 5432 + this.running.size : undefined) : (wanted ?? 5432)
  }

  async start(database: DatabaseSpec): Promise<DatabaseAddresses> {
    if (this.broken !== undefined) throw new Error(this.broken)
    this.running.set(database.arn, database)
    const { identifier, endpointMark, region, port } = database
    const name = (kind: string) => `${identifier}.${kind}-${endpointMark}.${region}.rds.localhost`
    return { endpoint: name('cluster'), readerEndpoint: name('cluster-ro'), port }
  }

  async change(database: DatabaseSpec): Promise<void> {
    this.running.set(database.arn, database)
  }

  async stop(arn: string): Promise<void> {
    this.running.delete(arn)
  }

  async remove(arn: string): Promise<void> {
    this.running.delete(arn)
  }
}

/** Values by ARN, the newest first. */
export class PretendedSecrets implements MasterSecrets {
  readonly values = new Map<string, string[]>()

  async create({ value }: { readonly value: string }): Promise<string> {
    const name = `rds!cluster-${this.values.size}`
    const arn = `arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:${name}-abcdef`
    this.values.set(arn, [value])
    return arn
  }

  async rotate(_scope: object, arn: string, value: string): Promise<void> {
    this.values.get(arn)?.unshift(value)
  }

  async delete(_scope: object, arn: string): Promise<void> {
    this.values.delete(arn)
  }
}

export interface TestRds extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly databases: PretendedDatabases
  readonly secrets: PretendedSecrets
  readonly rds: Rds
  /** Runs `aws rds …` and answers what it prints, as JSON; throws its error text where it fails. */
  // biome-ignore lint/suspicious/noExplicitAny: what the client prints has as many shapes as operations
  rdsCommand(...args: string[]): Promise<any>
}

export async function startTestRds(): Promise<TestRds> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const databases = new PretendedDatabases()
  const secrets = new PretendedSecrets()
  const rds = openRds({ store, clock, databases, secrets, log: silentLog })
  const gateway = await startTestGateway({ services: [rds.service], clock })
  return {
    gateway,
    databases,
    secrets,
    rds,
    async rdsCommand(...args) {
      const { status, stdout, stderr } = await gateway.aws(['rds', ...args, '--output', 'json'])
      if (status !== 0) throw new Error(stderr.trim())
      return stdout.trim() === '' ? undefined : JSON.parse(stdout)
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await rds[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}
