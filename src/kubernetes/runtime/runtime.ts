/** What a kubelet asks of whatever runs containers: local processes here; a container engine can stand behind it too. */
import type { Readable, Writable } from 'node:stream'

/** A file or directory of the host that a container sees at a path of its own. */
export interface ContainerMount {
  /** Absolute, without `..`. */
  readonly containerPath: string
  readonly hostPath: string
  readonly readOnly: boolean
}

export interface ContainerUser {
  readonly uid: number
  readonly gid: number
  /** Further groups; only root can give them. */
  readonly groups: readonly number[]
}

export interface ContainerSpec {
  /** For messages: `namespace/pod/container`. */
  readonly label: string
  /** The whole command line; the first word is looked up in the environment's PATH. */
  readonly argv: readonly string[]
  /** All that the process gets; nothing of the host's own environment is added. */
  readonly environment: Readonly<Record<string, string>>
  readonly hostname: string
  /** Absolute; made if it is missing. Default: the container's home. */
  readonly workingDirectory?: string
  readonly mounts: readonly ContainerMount[]
  /** The user to run as; default the one that runs us. */
  readonly user?: ContainerUser
  /** A network namespace, as `nsenter --net=` takes it; root of the container may change it where `mayChange`. Default: ours. */
  readonly network?: { readonly namespace: string; readonly mayChange: boolean }
  /** Its standard input is kept open for whoever attaches; else there is nothing to read. */
  readonly hasInput?: boolean
  /** It runs at a terminal. */
  readonly hasTerminal?: boolean
  /** A directory on the host that belongs to this container alone; exists. */
  readonly privateDirectory: string
  /** Called with each piece of output as it comes. */
  readonly output: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
}

export interface ContainerExit {
  /** 0–255; 128+n when signal n ended the process. */
  readonly exitCode: number
  readonly signal?: number
  /** Set when the command never ran: the isolation around it failed. */
  readonly startError?: string
}

export interface ContainerProcess {
  /** Process id on the host of the outermost process. */
  readonly pid: number
  readonly exit: Promise<ContainerExit>
  /** Its standard input, where it has one. */
  readonly input?: Writable
  /** Says how large its terminal is; it is no matter where it has none. */
  resize(size: TerminalSize): void
  /** SIGTERM goes to the command itself; SIGKILL ends it and all that it started. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** What one more command in a container reads and writes, and how long it may. */
export interface ExecStreams {
  /** Its standard input; nothing to read where absent. */
  readonly input?: Readable
  /** Called with each piece of output; the next comes once the promise, where it answers one, has resolved. */
  readonly output: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void | Promise<void>
  /** The command gets a terminal; `onSize` is called once, with what wants to hear of its sizes. */
  readonly terminal?: { onSize(listener: (size: TerminalSize) => void): void }
  /** Kills it. */
  readonly signal: AbortSignal
}

/** Why a container did not start, in the words of a container runtime. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure'
}

/** How well containers are kept apart. */
export interface Isolation {
  readonly kind: 'bubblewrap' | 'unshare' | 'none'
  /** What the user should know when it is less than complete; shown in events and on the node. */
  readonly note?: string
}

export interface Runtime extends AsyncDisposable {
  /** Scheme of container ids: `process` in `process://4f…`. */
  readonly name: string
  readonly version: string
  readonly isolation: Isolation
  /** Throws StartFailure when the command cannot be started. */
  start(spec: ContainerSpec): Promise<ContainerProcess>
  /**
   * Runs one more command inside a running container; resolves when it has ended and all its output was handed on.
   * Throws StartFailure when it cannot be started.
   */
  execute(
    container: ContainerProcess,
    spec: ContainerSpec,
    argv: readonly string[],
    streams: ExecStreams,
  ): Promise<{ readonly exitCode: number }>
}
