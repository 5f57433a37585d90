/** Containers as ordinary processes of the host, for machines without namespaces: paths of mounts are rewritten. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSpec } from '../runtime.ts'
import type { Launch } from './child.ts'
import { isDirectory, throughMounts } from './host-files.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { rewritePaths } from './rewrite-paths.ts'

/**
 * Ends the process group when file descriptor 3 closes, which it does when we die: then becomes the command.
 * Nothing but POSIX sh is needed.
 */
export const lifelineScript =
  '(exec 4>&-; read -r line <&3; kill -KILL -$$) >/dev/null 2>&1 & exec 3<&- 4>&-; exec "$@"'

/** `why`: what kept the better ways from working, for the note. */
export function plain(why: string): Launcher {
  return {
    isolation: {
      kind: 'none',
      note:
        `containers run without isolation (${why}): they share this machine's file system and process list, and ` +
        'paths of volumes in environment, command and arguments are replaced by where the volumes lie on this machine',
    },
    home: (spec) => join(spec.privateDirectory, 'home'),
    rewritten: (spec) => rewriteSpec(spec, spec.mounts),
    plan: planPlain,
    commandPid: (child) => child.pid,
    failure: () => undefined,
    // One is made around the command; script waits for all its children, so for what watches over our life too.
    hasTerminals: () => false,
    enter: (_child, _report, spec, host) => guarded(spec, host),
  }
}

/** The same container, told where `mounts` really lie. */
export function rewriteSpec(spec: ContainerSpec, mounts: ContainerSpec['mounts']): ContainerSpec {
  const rewrite = (text: string) => rewritePaths(text, mounts)
  return {
    ...spec,
    argv: spec.argv.map(rewrite),
    environment: Object.fromEntries(
      Object.entries(spec.environment).map(([name, value]) => [name, rewrite(value)]),
    ),
    ...(spec.workingDirectory && {
      workingDirectory: throughMounts(spec.workingDirectory, mounts),
    }),
  }
}

/** The command, which ends when we die. */
function guarded(spec: ContainerSpec, host: HostOptions): [file: string, ...args: string[]] {
  return ['/bin/sh', '-c', lifelineScript, 'sh', ...asUser(spec, host), ...spec.argv]
}

function planPlain(spec: ContainerSpec, host: HostOptions): Launch {
  const [file, ...args] = guarded(spec, host)
  const home = join(spec.privateDirectory, 'home')
  const temporary = join(spec.privateDirectory, 'tmp')
  for (const directory of [home, temporary]) mkdirSync(directory, { recursive: true, mode: 0o777 })
  const wanted = spec.workingDirectory
  return {
    file,
    args,
    environment: { TMPDIR: temporary, ...spec.environment },
    directory: wanted && isDirectory(wanted) ? wanted : home,
  }
}

/** Root drops to the wanted user where setpriv is there; anybody else stays who he is. */
export function asUser(spec: ContainerSpec, host: HostOptions): string[] {
  if (!spec.user || !host.isPrivileged || spec.user.uid === 0 || !host.setpriv) return []
  const { uid, gid, groups } = spec.user
  const further = groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups'
  return [host.setpriv, `--reuid=${uid}`, `--regid=${gid}`, further, '--']
}
