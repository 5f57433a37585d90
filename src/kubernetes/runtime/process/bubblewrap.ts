/** Containers behind bubblewrap: a root, a process table, a host name of their own, gone when we are gone. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSpec } from '../runtime.ts'
import type { Launch } from './child.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { asUser } from './plain.ts'
import { childrenOf } from './process-table.ts'
import { planRoot } from './root-plan.ts'

const home = '/pod'

/** The capabilities that container engines leave to root, without the one to make device nodes. */
const capabilities = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP'],
  ...['SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
]

/** `programs`: where bwrap is, and nsenter where there is such. */
export function bubblewrap(programs: {
  readonly bwrap: string
  readonly nsenter: string | undefined
}): Launcher {
  return {
    isolation: { kind: 'bubblewrap' },
    home: () => home,
    rewritten: (spec) => spec,
    plan: (spec, host) => plan(spec, host, programs.bwrap),
    // It binds its life to bubblewrap's own only after the command has started: until then it would live on.
    reaperPid: initPid,
    commandPid(_child, report) {
      const init = initPid(report)
      return init === undefined ? undefined : childrenOf(init)[0]
    },
    failure(report, exitCode, lastError) {
      if (report.includes('"exit-code"') || exitCode > 128) return undefined
      const why = /^bwrap: .*$/m.exec(lastError)?.[0] ?? 'bwrap: ended'
      return `failed to set up the container: ${why}`
    },
    hasTerminals: ({ isPrivileged }) => isPrivileged,
    enter(_child, report, spec, host) {
      const init = initPid(report)
      const command = confined(spec, host)
      if (init === undefined || !programs.nsenter || !command) return []
      const user = host.isPrivileged ? [] : ['--user', '--preserve-credentials']
      const spaces = ['--mount', '--pid', '--uts', '--ipc', ...user]
      const directory = spec.workingDirectory ?? home
      return [programs.nsenter, '-t', `${init}`, ...spaces, `--wdns=${directory}`, '--', ...command]
    },
  }
}

function plan(spec: ContainerSpec, host: HostOptions, bwrap: string): Launch {
  const hostHome = join(spec.privateDirectory, 'home')
  mkdirSync(hostHome, { recursive: true, mode: 0o777 })
  const directory = spec.workingDirectory ?? home
  const path = spec.environment['PATH'] ?? host.path
  const args = [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--hostname', spec.hostname],
    ...['--die-with-parent', '--new-session', '--json-status-fd', '4'],
    ...planRoot({
      mounts: [{ containerPath: home, hostPath: hostHome, readOnly: false }, ...spec.mounts],
      directories: [directory],
      hidden: host.hidden,
      exposed: host.exposed,
      hasOwnDevices: host.isPrivileged,
      tools: [...path.split(':'), ...spec.argv].filter((word) => word.startsWith('/')),
    }),
    ...['--chdir', directory],
  ]
  let command = spec.argv
  // Without the rights of root the walls are made in a user namespace, also where we are called root.
  if (!host.isPrivileged) args.push('--unshare-user')
  else {
    args.push('--cap-drop', 'ALL', ...keptBy(spec).flatMap((c) => ['--cap-add', `CAP_${c}`]))
  }
  if (spec.user && (spec.user.uid !== host.uid || spec.user.gid !== host.gid)) {
    const { uid, gid } = spec.user
    const prefix = asUser(spec, host)
    if (prefix.length > 0) command = [...prefix, ...command]
    else args.push('--unshare-user', '--uid', `${uid}`, '--gid', `${gid}`)
  }
  return {
    file: bwrap,
    // Instructions go through a pipe: the container's process list then shows the command, not the plumbing.
    args: ['--args', '3', '--', ...command],
    environment: spec.environment,
    directory: '/',
    instructions: `${args.join('\0')}\0`,
  }
}

function keptBy({ network }: ContainerSpec): readonly string[] {
  return network?.mayChange ? [...capabilities, 'NET_ADMIN'] : capabilities
}

/** Whoever enters from outside brings the rights of root along: he gets those of the container instead. */
function confined(spec: ContainerSpec, host: HostOptions): string[] | undefined {
  if (!host.isPrivileged) return [...spec.argv]
  if (!host.setpriv) return undefined
  const bounds = ['-all', ...keptBy(spec).map((name) => `+${name.toLowerCase()}`)].join(',')
  const drop = [host.setpriv, '--no-new-privs', '--inh-caps=-all', `--bounding-set=${bounds}`, '--']
  return [...drop, ...asUser(spec, host), ...spec.argv]
}

function initPid(report: string): number | undefined {
  const found = /"child-pid": (\d+)/.exec(report)
  return found ? Number(found[1]) : undefined
}
