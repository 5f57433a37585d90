/** One container as a local process: started behind a launcher's walls, signalled, entered, awaited. */
import { constants } from 'node:os'
import { isAbsolute, join } from 'node:path'
import {
  type ContainerExit,
  type ContainerProcess,
  type ContainerSpec,
  StartFailure,
} from '../runtime.ts'
import { type Child, type Launch, sendSignal, startChild } from './child.ts'
import { findCommand } from './host-files.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { atTerminal, belowTerminal, inTerminal, resizer } from './terminal.ts'

/** A running container of this runtime; what `execute` needs beside the port's members. */
export interface LocalProcess extends ContainerProcess {
  readonly child: Child
  readonly report: () => string
  /** Resolves once the command runs behind its walls, or has ended. */
  running(): Promise<void>
}

/** How much of a container's standard error is looked through for the launcher's words. */
const lastErrorMax = 1024
/** How many turns of the event loop a launcher is given to report what it started, before it is killed as it is. */
const reportTurnsMax = 10_000

/** Starts one container with `launcher`. */
export async function startContainer(
  launcher: Launcher,
  host: HostOptions,
  given: ContainerSpec,
): Promise<LocalProcess> {
  const spec = prepare(launcher, host, given)
  let child: Child
  let lastError = ''
  try {
    const launch = inNetwork(planned(launcher, host, spec), spec, host)
    const take = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => {
      // In pieces, as the launcher writes it.
      if (stream === 'stderr') lastError = (lastError + Buffer.from(chunk)).slice(-lastErrorMax)
      spec.output(stream, chunk)
    }
    child = await startChild(launch, take, spec.hasInput ? 'open' : undefined)
  } catch (error) {
    throw new StartFailure((error as Error).message, { cause: error })
  }
  let report = ''
  let hasEnded = false
  child.report.on('data', (chunk: Buffer) => {
    if (report.length < 65_536) report += chunk.toString()
  })
  child.process.once('exit', () => {
    hasEnded = true
    child.lifeline.destroy()
    // What the command left running in the background goes with it, and with that its hold on the output.
    sendSignal(-child.pid, 'SIGKILL')
  })
  const exit = child.closed.then(({ code, signal }): ContainerExit => {
    const number = signal ? constants.signals[signal] : undefined
    const exitCode = number === undefined ? (code ?? 255) : 128 + number
    const startError = launcher.failure(report, exitCode, lastError)
    return { exitCode, ...(number && { signal: number }), ...(startError && { startError }) }
  })
  // A container that was started just now may not have its command yet.
  const running = async () => {
    while (!hasEnded && launcher.commandPid(child, report) === undefined) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const terminate = async () => {
    await running()
    const pid = hasEnded ? undefined : launcher.commandPid(child, report)
    if (pid !== undefined) sendSignal(spec.hasTerminal ? belowTerminal(pid) : pid, 'SIGTERM')
  }
  const kill = async () => {
    const { reaperPid } = launcher
    // Killed in the middle of its start: the report comes within a few turns, or never.
    for (let turn = 0; turn < reportTurnsMax && !hasEnded; turn++) {
      if (!reaperPid || reaperPid(report) !== undefined) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (hasEnded) return
    const reaper = reaperPid?.(report)
    if (reaper !== undefined) sendSignal(reaper, 'SIGKILL')
    sendSignal(-child.pid, 'SIGKILL')
  }
  return {
    pid: child.pid,
    exit,
    child,
    report: () => report,
    running,
    ...(spec.hasInput && child.process.stdin ? { input: child.process.stdin } : {}),
    resize: spec.hasTerminal ? resizer(child, host) : () => {},
    signal(name) {
      if (hasEnded) return
      if (name === 'SIGTERM') void terminate()
      else void kill()
    },
  }
}

/** The container's command line, at a terminal where it wants one: within the walls if one can be had there. */
function planned(launcher: Launcher, host: HostOptions, spec: ContainerSpec): Launch {
  if (!spec.hasTerminal) return launcher.plan(spec, host)
  const atOne = { ...spec, environment: atTerminal(spec.environment) }
  if (launcher.hasTerminals(host)) {
    return launcher.plan({ ...atOne, argv: inTerminal(spec.argv, host) }, host)
  }
  const launch = launcher.plan(atOne, host)
  const [file = '', ...args] = inTerminal([launch.file, ...launch.args], host)
  return { ...launch, file, args }
}

/** Walls are put up inside the pod's network. */
export function inNetwork(
  launch: Launch,
  { network }: ContainerSpec,
  { nsenter }: HostOptions,
): Launch {
  if (!network) return launch
  if (!nsenter) throw new StartFailure('no way into the network of the pod: nsenter is not here')
  const { file, args } = launch
  return { ...launch, file: nsenter, args: [`--net=${network.namespace}`, '--', file, ...args] }
}

/** What container runtimes say before the reason why a container did not start. */
const createWords =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed'

/** The spec as the launcher takes it, its command looked up. Throws StartFailure, which begins with `words`. */
export function prepare(
  launcher: Launcher,
  host: HostOptions,
  given: ContainerSpec,
  words = createWords,
): ContainerSpec {
  const spec = launcher.rewritten(given)
  const home = launcher.home(spec)
  const environment = { PATH: host.path, HOME: home, ...spec.environment }
  const command = findCommand(spec.argv[0] ?? '', {
    path: environment.PATH,
    workingDirectory: spec.workingDirectory ?? home,
    mounts: spec.mounts,
  })
  if ('why' in command) {
    throw new StartFailure(`${words}: unable to start container process: ${command.why}: unknown`)
  }
  const file = isAbsolute(command.file) ? command.file : join('/', command.file)
  return { ...spec, environment, argv: [file, ...spec.argv.slice(1)] }
}
