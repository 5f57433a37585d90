/** One more command in a container that runs: with its own input and output, and a terminal where it wants one. */
import { type ContainerSpec, type ExecStreams, StartFailure } from '../runtime.ts'
import { sendSignal, startChild } from './child.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { inNetwork, type LocalProcess, prepare } from './local-container.ts'
import { atTerminal, inTerminal, resizer } from './terminal.ts'

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
  const prepared = prepare(launcher, host, { ...given, argv }, execWords)
  const spec = terminal ? { ...prepared, environment: atTerminal(prepared.environment) } : prepared
  await container.running()
  const enter = (command: readonly string[]) =>
    launcher.enter(container.child, container.report(), { ...spec, argv: command }, host)
  const [file, ...args] = !terminal
    ? enter(spec.argv)
    : launcher.hasTerminals(host)
      ? enter(inTerminal(spec.argv, host))
      : inTerminal(enter(spec.argv), host)
  if (file === undefined) {
    throw new StartFailure('no way into the container: nsenter or setpriv is not here')
  }
  const launch = { file, args, environment: spec.environment, directory: '/' }
  // What a terminal shows is one output, also the words of whatever could not make it.
  const take: ExecStreams['output'] = terminal ? (_, chunk) => output('stdout', chunk) : output
  const child = await startChild(inNetwork(launch, spec, host), take, input)
  child.report.resume()
  child.process.once('exit', () => child.lifeline.destroy())
  const abort = () => sendSignal(-child.pid, 'SIGKILL')
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  terminal?.onSize(resizer(child, host))
  const { code } = await child.closed
  signal.removeEventListener('abort', abort)
  return { exitCode: code ?? 137 }
}
