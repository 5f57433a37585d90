/** One child process of the runtime: started in a session of its own, its output handed on, its end awaited. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import type { ExecStreams } from '../runtime.ts'

/** A command line of the host, ready to be started. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  /** Written to file descriptor 3 and closed. */
  readonly instructions?: string
}

export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** File descriptor 4: what the launcher has to say. */
  readonly report: Readable
  /** File descriptor 3: closes when we die, however that comes. */
  readonly lifeline: Duplex
  /** After the process has ended and all its output was handed on. */
  readonly closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/**
 * Starts `launch`; rejects when the operating system refuses. `input`: what it reads; `open`: its input is the child's,
 * to be written to. Without, it has nothing to read.
 */
export async function startChild(
  launch: Launch,
  output: ExecStreams['output'],
  input?: Readable | 'open',
): Promise<Child> {
  const child = spawn(launch.file, launch.args, {
    cwd: launch.directory,
    env: launch.environment,
    // A session of its own: a Ctrl-C in our terminal is ours to handle, and the group can be killed as one.
    detached: true,
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const closed = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  if (child.stdin) {
    // A command need not read to the end what it is given.
    const source = input === 'open' ? undefined : input
    child.stdin.on('error', () => source?.resume())
    source?.pipe(child.stdin)
  }
  handOn(child.stdout, (chunk) => output('stdout', chunk))
  handOn(child.stderr, (chunk) => output('stderr', chunk))
  const lifeline = child.stdio[3] as Duplex
  const report = child.stdio[4] as Readable
  // The child may be gone before it has read its instructions; that shows as its exit.
  lifeline.on('error', () => {})
  report.on('error', () => {})
  if (launch.instructions !== undefined) lifeline.end(launch.instructions)
  else lifeline.resume()
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', () => resolve())
    child.once('error', reject)
  })
  child.on('error', () => {})
  return { process: child, pid: child.pid ?? 0, report, lifeline, closed }
}

/** One piece at a time: a container that floods its output takes turns with all else that we do. */
function handOn(stream: Readable | null, take: (chunk: Uint8Array) => void | Promise<void>): void {
  stream?.on('data', (chunk: Uint8Array) => {
    stream.pause()
    const taken = take(chunk)
    if (taken) void taken.then(() => stream.resume())
    else setImmediate(() => stream.resume())
  })
}

/** Sends a signal to a process (or, negative, a group); false when there is none any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // EPERM is what macOS says of a group that consists of the dead.
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}
