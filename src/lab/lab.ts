/** The lab: every part of Podpass on one machine, put together. */
import { rmSync } from 'node:fs'
import type { Log } from '../audit/log.ts'
import { createPinoLog } from '../audit/pino-log.ts'
import { openAuditLog } from '../audit/sqlite-audit-log.ts'
import { createCloudTrail } from '../aws/cloudtrail/service.ts'
import { type Eks, openEks } from '../aws/eks/service.ts'
import { startGateway } from '../aws/gateway/gateway.ts'
import { type Iam, openIam } from '../aws/iam/iam.ts'
import { openS3 } from '../aws/s3/open-s3.ts'
import { createSessions } from '../aws/sessions.ts'
import { createSts, type Sts } from '../aws/sts/service.ts'
import { LabClock } from '../clock/lab-clock.ts'
import type { Environment } from '../config/env.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import { startIssuerServer } from '../oidc/issuer-server.ts'
import { createVerifier } from '../oidc/verifier.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import type { OwnedAuthority } from '../x509/authority.ts'
import { Clusters } from './clusters.ts'
import { type LabStatus, serveControls } from './control.ts'
import {
  type Home,
  HomeError,
  makePrivateDirectory,
  readSettings,
  type Settings,
  writePrivateFile,
  writeSettings,
} from './home.ts'
import { currentHolder, type Holder, portNote, releaseLock, takeLock } from './lock.ts'
import { openAuthority, openSealingKeys, wallClock } from './pki.ts'
import { podAccess } from './pod-access.ts'
import { writeShims } from './shims.ts'
import { LabInUse, PortTaken } from './start-errors.ts'
import type { LabCredentials } from './variables.ts'

export interface LabOptions {
  readonly home: Home
  /** Folder of sockets and port notes. */
  readonly runtime: string
  readonly environment: Environment
  readonly version: string
  /** 0: any free one. Undefined: the home's own, else the default. */
  readonly awsPort?: number
  readonly issuerPort?: number
  readonly kubernetesPort?: number
  /** Called when `podpass down` asks for it. */
  readonly requestStop: () => void
}

export interface Lab extends AsyncDisposable {
  status(): LabStatus
}

const loopback = '127.0.0.1'
const defaultPorts = { aws: 4566, issuer: 4567 }
/** Records of decisions that are kept: what `why` can look back on. */
const auditLimit = 50_000

/** Starts everything; rejects with LabInUse, PortTaken or HomeError when it cannot, leaving nothing behind that runs. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { home, runtime } = options
  const holder: Holder = { pid: process.pid, home: home.root, startedAt: Date.now() }
  makePrivateDirectory(home.root)
  makePrivateDirectory(runtime)
  const present = takeLock(home.lockFile, holder)
  if (present) throw new LabInUse(present)
  await using stack = new AsyncDisposableStack()
  stack.defer(() => releaseLock(home.lockFile, holder.pid))
  const lab = await assemble(options, holder, stack)
  const rest = stack.move()
  return { status: lab.status, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
}

async function assemble(
  options: LabOptions,
  holder: Holder,
  stack: AsyncDisposableStack,
): Promise<{ status(): LabStatus }> {
  const { home, runtime, version, environment } = options
  let settings = readSettings(home)
  const log = createPinoLog({ level: 'info', destination: home.logFile })
  const clock = stack.use(
    new LabClock(settings.clockOffsetMs ?? 0, (error) => log.error({ error }, 'timer failed')),
  )
  let ready = false
  let clusters: Clusters | undefined
  const status = (): LabStatus => ({
    ...holder,
    ready,
    version,
    account: settings.account,
    region: settings.region,
    awsPort: settings.awsPort ?? 0,
    issuerPort: settings.issuerPort ?? 0,
    clusters: clusters?.list() ?? [],
    clock: { now: clock.now(), offsetMs: clock.offsetMs },
  })
  const moveClock = async (change: { advanceMs: number } | 'reset') => {
    const offsetMs = change === 'reset' ? 0 : clock.offsetMs + change.advanceMs
    settings = { ...settings, clockOffsetMs: offsetMs }
    writeSettings(home, settings)
    clock.setOffset(offsetMs)
  }
  const controls = await serveControls(home.controlSocket, {
    status,
    moveClock,
    stop: options.requestStop,
  })
  stack.use(controls)
  stack.defer(() => rmSync(home.controlSocket, { force: true }))
  const authority = await openAuthority(
    { certificate: home.caFile, key: home.caKeyFile },
    'Podpass lab CA',
  )
  const tls = await authority.issueServer({ names: ['localhost'], addresses: [loopback, '::1'] })
  const store = openStore(home, clock, log)
  stack.use(store)
  const issuerServer = stack.use(
    await listening(
      '--issuer-port',
      options.issuerPort ?? settings.issuerPort ?? defaultPorts.issuer,
      runtime,
      (port) =>
        startIssuerServer({
          host: loopback,
          port,
          tls,
          issuers: (path) => clusters?.issuerAt(path),
          log,
        }),
    ),
  )
  const issuerOrigin = originOf('localhost', issuerServer.port)
  const parts = awsParts({
    store,
    clock,
    log,
    home,
    authority,
    issuerOrigin,
    clusters: () => clusters,
  })
  stack.use(parts.iam)
  const kubernetesPort = options.kubernetesPort ?? settings.kubernetesPort
  const gatewayPort = { value: 0 }
  const access = podAccess({ environment, home, settings, gatewayPort: () => gatewayPort.value })
  clusters = new Clusters({
    home,
    store,
    clock,
    log,
    issuerOrigin,
    kubernetesPort,
    deps: {
      access,
      authenticateAws: (arn, name, token, awsAuth) => {
        const identity = parts.sts.verifyEksToken(token, name)
        return 'refused' in identity ? undefined : parts.eks().mapIdentity(arn, identity, awsAuth)
      },
      nodeCredentials: (request) =>
        parts.sts.assumeRoleForService({ ...request, service: 'ec2.amazonaws.com' }),
    },
  })
  const running = clusters
  const eks = openEks({
    store,
    clock,
    clusters: running,
    log,
    roleExists: (arn) => parts.iam.identities.role(arn) !== undefined,
  })
  parts.setEks(eks)
  const s3 = stack.use(await openS3({ directory: home.objects, clock, region: settings.region }))
  const audit = stack.use(
    openAuditLog({
      path: home.auditFile,
      limit: auditLimit,
      onError: (error) => log.error({ error }, 'audit records were lost'),
    }),
  )
  const gateway = await listening(
    '--aws-port',
    options.awsPort ?? settings.awsPort ?? defaultPorts.aws,
    runtime,
    (port) =>
      startGateway({
        host: loopback,
        port,
        tls,
        services: [
          s3.service,
          parts.iam.service,
          parts.sts.service,
          eks.service,
          createCloudTrail({ audit }),
        ],
        identities: parts.iam.identities,
        sessions: parts.sessions,
        clock,
        signatureClocks: [wallClock],
        evaluate,
        audit,
        log,
        region: settings.region,
        account: settings.account,
      }),
  )
  gatewayPort.value = gateway.port
  parts.setGatewayPort(gateway.port)
  stack.use(gateway)
  // Clusters stop before the front door closes: their pods' last requests are still answered.
  stack.use(eks)
  stack.use(running)
  settings = {
    ...settings,
    awsPort: gateway.port,
    issuerPort: issuerServer.port,
    ...(kubernetesPort !== undefined && { kubernetesPort }),
  }
  writeSettings(home, settings)
  noteCredentials(home, await parts.iam.createAccount({ id: settings.account, name: 'lab' }))
  notePorts(stack, runtime, holder, settings)
  writeShims(home)
  await eks.resume()
  ready = true
  log.info({ home: home.root, awsPort: gateway.port }, 'ready')
  return { status }
}

interface AwsParts {
  readonly iam: Iam
  readonly sts: Sts
  readonly sessions: ReturnType<typeof createSessions>
  eks(): Eks
  setEks(eks: Eks): void
  setGatewayPort(port: number): void
}

/** IAM and STS with what they stand on; EKS and the gateway's port are known only later. */
function awsParts(given: {
  store: Store
  clock: LabClock
  log: Log
  home: Home
  authority: OwnedAuthority
  issuerOrigin: string
  clusters: () => Clusters | undefined
}): AwsParts {
  const { store, clock, log, home, authority, issuerOrigin, clusters } = given
  const ownIssuer = (issuer: string) => issuer.startsWith(`${issuerOrigin}/id/`)
  const iam = openIam({ store, clock, ownIssuer })
  const sessions = createSessions({ sealingKeys: openSealingKeys(home) })
  const verifier = createVerifier({
    clock,
    log,
    trustedCaPems: [authority.certPem],
    allowLoopback: true,
  })
  let port = 0
  let eks: Eks | undefined
  const sts = createSts({
    identities: iam.identities,
    sessions,
    verifier,
    evaluate,
    clock,
    signatureClocks: [wallClock],
    isOwnIssuer: ownIssuer,
    clusterOf: (issuer) => clusters()?.nameOf(issuer),
    isOwnHost: (host) =>
      [`${loopback}:${port}`, `localhost:${port}`, `[::1]:${port}`].includes(host),
  })
  return {
    iam,
    sts,
    sessions,
    eks: () => {
      if (!eks) throw new Error('EKS is not open yet')
      return eks
    },
    setEks: (opened) => {
      eks = opened
    },
    setGatewayPort: (opened) => {
      port = opened
    },
  }
}

function openStore(home: Home, clock: LabClock, log: Log): Store {
  try {
    return openSqliteStore({
      path: home.stateFile,
      now: () => clock.now(),
      onListenerError: (error) => log.error({ error }, 'a reader of the store failed'),
    })
  } catch (cause) {
    throw new HomeError(
      `\`${home.stateFile}\` cannot be opened: ${String(cause)}`,
      'podpass reset',
      {
        cause,
      },
    )
  }
}

/** Starts a server; a port that is taken becomes a PortTaken that knows which lab has it. */
async function listening<T>(
  flag: string,
  port: number,
  runtime: string,
  start: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await start(port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortTaken(port, flag, currentHolder(portNote(runtime, port)))
  }
}

function originOf(host: string, port: number): string {
  return port === 443 ? `https://${host}` : `https://${host}:${port}`
}

function noteCredentials(
  home: Home,
  keys: { rootKeys: LabCredentials['root']; administratorKeys: LabCredentials['administrator'] },
): void {
  const credentials: LabCredentials = {
    administrator: keys.administratorKeys,
    root: keys.rootKeys,
  }
  writePrivateFile(home.credentialsFile, `${JSON.stringify(credentials, null, 2)}\n`)
}

/** Leaves notes that say which lab holds which port, for the errors of others. */
function notePorts(
  stack: AsyncDisposableStack,
  runtime: string,
  holder: Holder,
  settings: Settings,
): void {
  for (const port of [settings.awsPort, settings.issuerPort]) {
    if (port === undefined) continue
    const note = portNote(runtime, port)
    if (!takeLock(note, holder)) stack.defer(() => releaseLock(note, holder.pid))
  }
}
