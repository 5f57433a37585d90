/** One more command in a container that runs: with its own input and output, and a terminal where it wants one. */
import { type ContainerSpec, type ExecStreams, StartFailure } from '../runtime.ts'
import { sendSignal, startChild } from './child.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { inNetwork, type LocalProcess, prepare } from './local-container.ts'
import { followSizes, inTerminal } from './terminal.ts'

/** What container runtimes say before the reason why a command did not start. */
const execWords = 'OCI runtime exec failed: exec failed'

/** Runs `argv` inside `container`; resolves after its end, with 137 where it was killed. Throws StartFailure. */
export async function executeIn(
  launcher: Launcher,
  host: HostOptions,
  container: LocalProcess,
  given: ContainerSpec,
  argv: readonly string[],
  { input, output, terminal, signal }: ExecStreams,
): Promise<{ exitCode: number }> {
  const plain = prepare(launcher, host, { ...given, argv }, execWords)
  const spec = terminal ? inTerminal(plain, host) : plain
  await container.running()
  const [file, ...args] = launcher.enter(container.child, container.report(), spec, host)
  if (file === undefined)
    throw new StartFailure('no way into the container: nsenter or setpriv is not here')
  const launch = { file, args, environment: spec.environment, directory: '/' }
  const child = await startChild(inNetwork(launch, spec, host), output, input)
  child.report.resume()
  child.process.once('exit', () => child.lifeline.destroy())
  const abort = () => sendSignal(-child.pid, 'SIGKILL')
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  if (terminal) followSizes(terminal, child, host)
  const { code } = await child.closed
  signal.removeEventListener('abort', abort)
  return { exitCode: code ?? 137 }
}
