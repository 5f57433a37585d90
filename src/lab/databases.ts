/** The lab's databases: loaded with the first DB cluster, so that a lab without one pays nothing. */
import type { AuditLog } from '../audit/audit-log.ts'
import type { Log } from '../audit/log.ts'
import type { AuroraOptions } from '../aurora/aurora.ts'
import type { Identities } from '../aws/identities.ts'
import type { DatabaseControl } from '../aws/rds/database-control.ts'
import { judgeLogin } from '../aws/rds/judge-login.ts'
import type { MasterSecrets } from '../aws/rds/master-secret.ts'
import { openRds, type Rds } from '../aws/rds/service.ts'
import type { Sessions } from '../aws/sessions.ts'
import type { Environment } from '../config/env.ts'
import type { Clock } from '../kernel/clock.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import { SigningKeys } from '../kernel/sigv4/signing-key.ts'
import type { LoopbackPorts } from '../kubernetes/network/loopback-ports.ts'
import type { Store } from '../store/store.ts'
import type { CertificateAuthority } from '../x509/certificate-port.ts'
import { databaseDirectory, type Home } from './home.ts'
import { wallClock } from './pki.ts'
import type { PodAccess } from './pod-access.ts'

/** PostgreSQL does not run as root: then it runs as `nobody`. */
const nobody = process.platform === 'darwin' ? 4_294_967_294 : 65_534
const loopback = '127.0.0.1'
const signingKeysMax = 1_000

export interface DatabaseSideOptions {
  readonly home: Home
  /** A private folder with a short path, for sockets. */
  readonly runtime: string
  readonly environment: Environment
  readonly authority: CertificateAuthority
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly access: Pick<PodAccess, 'networks'>
}

/** Opens RDS and what runs its databases. Disposing stops the databases; their data stays. */
export function openDatabaseService(
  options: DatabaseSideOptions,
  deps: { identities: Identities; sessions: Sessions; audit: AuditLog },
  secrets: MasterSecrets,
): Rds {
  const { store, clock, log } = options
  const authenticator = {
    ...deps,
    keys: new SigningKeys(signingKeysMax),
    now: () => clock.now(),
    signatureClocks: [() => clock.now(), wallClock.now],
  }
  const judged = { authenticator, evaluate, audit: deps.audit }
  const databases = reachedByPods(
    openDatabases({
      ...options,
      judge: (login, database, hosts) => judgeLogin(login, database, hosts, judged),
    }),
    options.access.networks.ports,
  )
  const rds = openRds({ store, clock, databases, secrets, log })
  return {
    service: rds.service,
    resume: () => rds.resume(),
    async [Symbol.asyncDispose]() {
      await rds[Symbol.asyncDispose]()
      await databases[Symbol.asyncDispose]()
    },
  }
}

/** Pods with networks of their own reach each database for as long as it is there. */
function reachedByPods(
  databases: DatabaseControl & AsyncDisposable,
  ports: LoopbackPorts,
): DatabaseControl & AsyncDisposable {
  const open = new Map<string, number>()
  const close = async (arn: string) => {
    const port = open.get(arn)
    open.delete(arn)
    if (port !== undefined) await ports.close(port)
  }
  return {
    ...databases,
    async start(database) {
      const addresses = await databases.start(database)
      const { port } = addresses
      if (open.get(database.arn) === port) return addresses
      await close(database.arn)
      open.set(database.arn, port)
      await ports.open(port)
      return addresses
    },
    async remove(arn) {
      await close(arn)
      await databases.remove(arn)
    },
  }
}

/** Nothing is loaded or started before a database is asked for. */
function openDatabases(
  options: DatabaseSideOptions & Pick<AuroraOptions, 'judge'>,
): DatabaseControl & AsyncDisposable {
  const { home, runtime, environment, authority, judge, log } = options
  let opened: Promise<DatabaseControl & AsyncDisposable> | undefined
  const open = async () => {
    const { openAurora } = await import('../aurora/aurora.ts')
    const userId = process.getuid?.() ?? -1
    const databaseUrl = environment['PODPASS_DB_URL']
    return openAurora({
      directory: home.databases,
      dataDirectory: databaseDirectory(home, userId),
      socketDirectory: runtime,
      path: environment['PATH'] ?? '',
      runAs: userId === 0 ? { uid: nobody, gid: nobody } : undefined,
      host: loopback,
      authority,
      judge,
      log,
      ...(databaseUrl && { databaseUrl }),
    })
  }
  const databases = () => {
    opened ??= open()
    return opened
  }
  return {
    engineVersion: async () => (await databases()).engineVersion(),
    passwordVerifier: async (password) => (await databases()).passwordVerifier(password),
    freePort: async (wanted) => (await databases()).freePort(wanted),
    start: async (database) => (await databases()).start(database),
    change: async (database) => (await databases()).change(database),
    stop: async (arn) => (await databases()).stop(arn),
    remove: async (arn) => (await databases()).remove(arn),
    [Symbol.asyncDispose]: async () => (await opened)?.[Symbol.asyncDispose](),
  }
}
