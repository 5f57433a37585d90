/** Containers behind util-linux' unshare: own process table and mounts; the root stays the host's. */
import { join } from 'node:path'
import type { ContainerSpec } from '../runtime.ts'
import type { Child, Launch } from './child.ts'
import { exists, isWithin, resolveExisting } from './host-files.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { asUser, lifelineScript, plain, rewriteSpec } from './plain.ts'
import { childrenOf } from './process-table.ts'

/**
 * Arguments: read-only or not, source and target of each mount, `--`, the command. The command is a child, not
 * process 1 of its namespace, so that SIGTERM ends it as anywhere else; a shell gives its children in the background no
 * input unless told so. Descriptor 4 hears what went wrong.
 */
const script = `
mount --make-rprivate / && mount -t tmpfs -o mode=755 tmpfs /run || { echo "cannot mount" >&4; exit 125; }
while [ "$1" != -- ]; do
  if [ -d "$2" ]; then mkdir -p "$3"; else mkdir -p "\${3%/*}"; [ -e "$3" ] || : > "$3"; fi
  mount --bind "$2" "$3" || { echo "cannot mount $3" >&4; exit 125; }
  [ "$1" = ro ] && mount -o remount,ro,bind "$3"
  shift 3
done
shift
exec 5<&0
"$@" <&5 5<&- 4>&- &
exec 5<&-
echo started >&4
wait $!
`

/** `why`: what kept bubblewrap from working, for the note. */
export function unshare(programs: {
  readonly unshare: string
  readonly nsenter: string | undefined
  readonly why: string
}): Launcher {
  const simple = plain(programs.why)
  return {
    ...simple,
    isolation: {
      kind: 'unshare',
      note:
        `containers have mounts and a process list of their own, but share the rest of this machine's file system ` +
        `(${programs.why}); mount paths outside /run that do not exist on this machine are replaced in environment, ` +
        'command and arguments by where the volumes lie',
    },
    rewritten: (spec) =>
      rewriteSpec(
        spec,
        spec.mounts.filter((m) => !isMountable(m)),
      ),
    plan: (spec, host) => plan(spec, host, simple, programs.unshare),
    hasTerminals: () => true,
    commandPid(child, report) {
      const shell = report.includes('started') ? insidePid(child) : undefined
      return shell === undefined ? undefined : childrenOf(shell)[0]
    },
    failure: (report, exitCode) =>
      exitCode === 125 && !report.includes('started') ? report.trim() : undefined,
    enter(child: Child, _report, spec, host) {
      const shell = insidePid(child)
      if (shell === undefined || !programs.nsenter) return []
      const user = host.isPrivileged ? [] : ['--user', '--preserve-credentials']
      const directory = `--wdns=${spec.workingDirectory ?? join(spec.privateDirectory, 'home')}`
      const spaces = ['--mount', '--pid', ...user, directory]
      return [
        programs.nsenter,
        '-t',
        `${shell}`,
        ...spaces,
        '--',
        ...asUser(spec, host),
        ...spec.argv,
      ]
    },
  }
}

function plan(spec: ContainerSpec, host: HostOptions, simple: Launcher, unshare: string): Launch {
  const base = simple.plan(spec, host)
  const mounts = spec.mounts
    .filter(isMountable)
    .flatMap((m) => [m.readOnly ? 'ro' : 'rw', m.hostPath, resolveExisting(m.containerPath)])
  const spaces = [...(host.isPrivileged ? [] : ['--user', '--map-root-user']), '--mount', '--pid']
  const flags = [...spaces, '--fork', '--kill-child', '--mount-proc']
  const inner = [
    '/bin/sh',
    '-c',
    script,
    'sh',
    ...mounts,
    '--',
    ...asUser(spec, host),
    ...spec.argv,
  ]
  const keepReport = lifelineScript.replace('exec 3<&- 4>&-;', 'exec 3<&-;')
  return { ...base, args: ['-c', keepReport, 'sh', unshare, ...flags, '--', ...inner] }
}

function isMountable({ containerPath }: { containerPath: string }): boolean {
  const path = resolveExisting(containerPath)
  return isWithin(path, '/run') || exists(path)
}

// The first child is the one that watches over our life.
function insidePid(child: Child): number | undefined {
  return childrenOf(child.pid)[1]
}
