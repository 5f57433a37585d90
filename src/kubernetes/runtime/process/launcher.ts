/** One way to put walls around a local process; the runtime takes the first that works on this machine. */
import type { ContainerSpec, Isolation } from '../runtime.ts'
import type { Child, Launch } from './child.ts'

/** What the runtime knows of the host when it plans a container. */
export interface HostOptions {
  /** PATH of the host: where commands are looked up when the container's environment has no PATH of its own. */
  readonly path: string
  readonly hidden: readonly string[]
  readonly exposed: readonly string[]
  /** Where setpriv is, if anywhere. */
  readonly setpriv: string | undefined
  /** Where nsenter is, if anywhere. */
  readonly nsenter: string | undefined
  /** Where script is, which gives a command a terminal, and stty, which says how large it is; if anywhere. */
  readonly script: string | undefined
  readonly stty: string | undefined
  /** We may do what root may: mount, become other users. */
  readonly isPrivileged: boolean
  /** User and group of our own process. */
  readonly uid: number
  readonly gid: number
}

export interface Launcher {
  readonly isolation: Isolation
  /** The container's home as it sees it. */
  home(spec: ContainerSpec): string
  /** `argv[0]` is a path already. Throws StartFailure. */
  plan(spec: ContainerSpec, host: HostOptions): Launch
  /** Paths that the container must be told differently, because its mounts are not there: applied before `plan`. */
  rewritten(spec: ContainerSpec): ContainerSpec
  /** Process id on the host of the command itself, once it runs. */
  commandPid(child: Child, report: string): number | undefined
  /**
   * Process id on the host of the container's process 1, once it is known; absent where killing the outermost process is
   * enough.
   */
  readonly reaperPid?: (report: string) => number | undefined
  /** Why the command never ran, from what the launcher reported and last wrote; undefined when it did. */
  failure(report: string, exitCode: number, lastError: string): string | undefined
  /** Whether a terminal can be made within the walls; else it is made around them. */
  hasTerminals(host: HostOptions): boolean
  /** The command line that runs `spec.argv` inside a running container. */
  enter(child: Child, report: string, spec: ContainerSpec, host: HostOptions): string[]
}
