/** Runs containers as local processes, behind the best walls that this machine allows. */

import { userInfo } from 'node:os'
import type { Log } from '../../../audit/log.ts'
import type { Runtime } from '../runtime.ts'
import { executeIn } from './execute.ts'
import { findCommand } from './host-files.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { type LocalProcess, startContainer } from './local-container.ts'
import { chooseLauncher } from './probe.ts'
import { secretPlaces } from './secret-places.ts'

export interface ProcessRuntimeOptions {
  /** The host's PATH: where commands are looked up, and the PATH of containers that set none. */
  readonly path: string
  /** What containers must not see beside the user's own secrets: the lab's keys and other pods' tokens. */
  readonly hidden?: readonly string[]
  /** Files of the host that containers need at their own path even so (CA certificates). */
  readonly exposed?: readonly string[]
  /** Only this way, for tests; default: the first that works of all. */
  readonly isolation?: Launcher['isolation']['kind']
  /** A directory for the trial run; made and left empty. */
  readonly directory: string
  readonly log: Log
}

/** Tries once which isolation works here, by running `cat` in it, and returns the runtime that uses it. */
export async function createProcessRuntime(options: ProcessRuntimeOptions): Promise<Runtime> {
  const find = (name: string) => {
    const found = findCommand(name, { path: options.path, workingDirectory: '/', mounts: [] })
    return 'file' in found ? found.file : undefined
  }
  const given: HostOptions = {
    isPrivileged: process.getuid?.() === 0,
    path: options.path,
    hidden: [...secretPlaces(homeOfUser()), ...(options.hidden ?? [])],
    exposed: options.exposed ?? [],
    setpriv: find('setpriv'),
    nsenter: find('nsenter'),
    script: find('script'),
    stty: find('stty'),
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
  }
  const { launcher, host } = await chooseLauncher(given, options)
  options.log.debug({ isolation: launcher.isolation }, 'container isolation chosen')
  const running = new Set<LocalProcess>()
  return {
    name: 'process',
    version: '1.0',
    isolation: launcher.isolation,
    async start(spec) {
      const started = await startContainer(launcher, host, spec)
      running.add(started)
      void started.exit.then(() => running.delete(started))
      return started
    },
    execute: (container, spec, argv, streams) =>
      executeIn(launcher, host, container as LocalProcess, spec, argv, streams),
    async [Symbol.asyncDispose]() {
      const all = [...running]
      for (const container of all) container.signal('SIGKILL')
      await Promise.all(all.map((container) => container.exit))
    },
  }
}

/** From the user database; a user without an entry there has no home of his own. */
function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}
