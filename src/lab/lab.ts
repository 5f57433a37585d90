/** The lab: every part of Podpass on one machine, put together. */
import { rmSync } from 'node:fs'
import type { Log } from '../audit/log.ts'
import { createPinoLog } from '../audit/pino-log.ts'
import { LabClock } from '../clock/lab-clock.ts'
import type { Environment } from '../config/env.ts'
import { startIssuerServer } from '../oidc/issuer-server.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { administer, type ControlAnswer } from './administration.ts'
import { type AwsSide, openAwsSide } from './aws-side.ts'
import { type LabControls, type LabStatus, serveControls } from './control.ts'
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
import { openAuthority } from './pki.ts'
import { podAccess } from './pod-access.ts'
import { type PodNetworkChoice, podNetworkWish } from './pod-networks.ts'
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
  /** `auto`, `namespaces` or `host`; default PODPASS_POD_NETWORK, else `auto`. */
  readonly podNetwork?: string
  /** Called when `podpass down` asks for it. */
  readonly requestStop: () => void
}

export interface Lab extends AsyncDisposable {
  status(): LabStatus
}

const loopback = '127.0.0.1'
const defaultPorts = { aws: 4566, issuer: 4567 }

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
  const state = new LabState(options, holder)
  stack.use(state.clock)
  await assemble(options, state, stack)
  const rest = stack.move()
  return { status: () => state.status(), [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
}

/** What a lab knows of itself while it runs, and what its control socket may change. */
class LabState implements LabControls {
  readonly clock: LabClock
  readonly log: Log
  readonly holder: Holder
  settings: Settings
  ready = false
  aws: AwsSide | undefined
  podNetwork: PodNetworkChoice | undefined
  readonly #options: LabOptions

  constructor(options: LabOptions, holder: Holder) {
    this.#options = options
    this.holder = holder
    this.settings = readSettings(options.home)
    this.log = createPinoLog({ level: 'info', destination: options.home.logFile })
    this.clock = new LabClock(this.settings.clockOffsetMs ?? 0, (error) =>
      this.log.error({ error }, 'a timer failed'),
    )
  }

  status(): LabStatus {
    const { settings, clock } = this
    return {
      ...this.holder,
      ready: this.ready,
      version: this.#options.version,
      account: settings.account,
      region: settings.region,
      awsPort: settings.awsPort ?? 0,
      issuerPort: settings.issuerPort ?? 0,
      clusters: this.aws?.clusters.list() ?? [],
      clock: { now: clock.now(), offsetMs: clock.offsetMs },
      ...(this.podNetwork && { podNetwork: this.podNetwork }),
    }
  }

  async moveClock(change: { readonly advanceMs: number } | 'reset'): Promise<void> {
    const offsetMs = change === 'reset' ? 0 : this.clock.offsetMs + change.advanceMs
    this.remember({ clockOffsetMs: offsetMs })
    this.clock.setOffset(offsetMs)
  }

  async administer(route: string, body: string): Promise<ControlAnswer | undefined> {
    if (!this.aws) return { status: 503, body: { message: 'the lab is still starting' } }
    try {
      return await administer(this.aws, route, body)
    } catch (error) {
      this.log.error({ error, route }, 'the control socket failed')
      return { status: 500, body: { message: 'it failed: see podpass logs' } }
    }
  }

  stop(): void {
    this.#options.requestStop()
  }

  remember(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change }
    writeSettings(this.#options.home, this.settings)
  }
}

async function assemble(
  options: LabOptions,
  state: LabState,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { home, runtime, environment } = options
  const { clock, log } = state
  stack.use(await serveControls(home.controlSocket, state))
  stack.defer(() => rmSync(home.controlSocket, { force: true }))
  const files = { certificate: home.caFile, key: home.caKeyFile }
  const authority = await openAuthority(files, 'Podpass lab CA')
  const tls = await authority.issueServer({ names: ['localhost'], addresses: [loopback, '::1'] })
  const store = stack.use(openStore(home, clock, log))
  const issuerPort = await listening('--issuer-port', options, state, async (port) => {
    const issuers = (path: string) => state.aws?.issuerAt(path)
    const server = await startIssuerServer({ host: loopback, port, tls, issuers, log })
    stack.use(server)
    return server.port
  })
  const kubernetesPort = options.kubernetesPort ?? state.settings.kubernetesPort
  state.remember({ issuerPort, ...(kubernetesPort !== undefined && { kubernetesPort }) })
  const { settings } = state
  const awsPortNow = () => state.settings.awsPort ?? 0
  const podNetwork = podNetworkWish(options.podNetwork ?? environment['PODPASS_POD_NETWORK'])
  const access = stack.use(
    podAccess({ environment, home, settings, log, awsPort: awsPortNow, podNetwork }),
  )
  // Tried out while the rest starts.
  const choosing = access.networks.choice()
  choosing.catch(() => {})
  const aws = await openAwsSide(
    {
      home,
      settings,
      store,
      clock,
      log,
      tls,
      authority,
      runtime,
      environment,
      issuerOrigin: issuerPort === 443 ? 'https://localhost' : `https://localhost:${issuerPort}`,
      kubernetesPort,
      access,
    },
    stack,
  )
  state.aws = aws
  const awsPort = await listening('--aws-port', options, state, (port) =>
    aws.listen(loopback, port),
  )
  state.remember({ awsPort })
  for (const port of [awsPort, issuerPort]) await access.networks.ports.open(port)
  state.podNetwork = await choosing
  noteCredentials(home, await aws.iam.createAccount({ id: settings.account, name: 'lab' }))
  for (const port of [awsPort, issuerPort]) notePort(stack, portNote(runtime, port), state.holder)
  writeShims(home)
  await Promise.all([aws.eks.resume(), aws.rds.resume()])
  state.ready = true
  log.info({ home: home.root, awsPort }, 'ready')
}

function openStore(home: Home, clock: LabClock, log: Log): Store {
  try {
    return openSqliteStore({
      path: home.stateFile,
      now: () => clock.now(),
      onListenerError: (error) => log.error({ error }, 'a reader of the store failed'),
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HomeError(`\`${home.stateFile}\` cannot be opened: ${why}`, 'podpass reset', {
      cause,
    })
  }
}

/** Starts a server on the port asked for, else the home's own, else the default; knows which lab has a taken one. */
async function listening(
  flag: '--issuer-port' | '--aws-port',
  options: LabOptions,
  state: LabState,
  start: (port: number) => Promise<number>,
): Promise<number> {
  const name = flag === '--aws-port' ? 'aws' : 'issuer'
  const wanted = options[`${name}Port`]
  const known = state.settings[`${name}Port`]
  // Asked for any free port, a home takes the one it had: kubeconfig files and issuer URLs name it.
  const port = (wanted === 0 ? known : (wanted ?? known)) ?? wanted ?? defaultPorts[name]
  const mayMove = wanted === 0 || (name === 'issuer' && wanted === undefined && known === undefined)
  try {
    return await start(port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (mayMove && port !== 0) return start(0)
    throw new PortTaken(port, flag, currentHolder(portNote(options.runtime, port)))
  }
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

/** Leaves a note that says which lab holds a port, for the errors of others. */
function notePort(stack: AsyncDisposableStack, note: string, holder: Holder): void {
  if (!takeLock(note, holder)) stack.defer(() => releaseLock(note, holder.pid))
}
