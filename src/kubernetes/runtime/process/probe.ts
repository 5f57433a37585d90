/** Finds out by trying which isolation works on this machine: what a kernel, a container or a policy forbids shows only so. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSpec } from '../runtime.ts'
import { bubblewrap } from './bubblewrap.ts'
import { findCommand } from './host-files.ts'
import type { HostOptions, Launcher } from './launcher.ts'
import { startContainer } from './local-container.ts'
import { plain } from './plain.ts'
import { unshare } from './unshare.ts'

/** A launcher that works, and the host as it has to see it. */
export interface Choice {
  readonly launcher: Launcher
  readonly host: HostOptions
}

/** The first launcher that can run a command with a file mounted below /run; plain processes when none can. */
export async function chooseLauncher(
  host: HostOptions,
  options: { readonly directory: string; readonly isolation?: string },
): Promise<Choice> {
  const find = (name: string) => {
    const found = findCommand(name, { path: host.path, workingDirectory: '/', mounts: [] })
    return 'file' in found ? found.file : undefined
  }
  const nsenter = find('nsenter')
  const reasons: string[] = []
  // Root in a container engine often may not mount, but may make a user namespace in which it may.
  const hosts = host.isPrivileged ? [host, { ...host, isPrivileged: false }] : [host]
  const ways = [
    ['bubblewrap', 'bwrap', (bwrap: string) => bubblewrap({ bwrap, nsenter })],
    [
      'unshare',
      'unshare',
      (program: string) => unshare({ unshare: program, nsenter, why: reasons.join('; ') }),
    ],
  ] as const
  for (const [kind, program, make] of ways) {
    if (options.isolation && options.isolation !== kind) continue
    const file = find(program)
    if (!file) {
      reasons.push(`${kind} is not installed`)
      continue
    }
    const launcher = make(file)
    for (const [index, as] of hosts.entries()) {
      const problem = await trial(launcher, as, options.directory)
      if (!problem) return { launcher, host: as }
      if (index === 0) reasons.push(`${kind} does not work here: ${problem}`)
    }
  }
  return { launcher: plain(reasons.join('; ') || 'as asked for'), host }
}

/** Undefined when the trial passed, else what it said. */
async function trial(
  launcher: Launcher,
  host: HostOptions,
  directory: string,
): Promise<string | undefined> {
  const place = join(directory, 'isolation-trial')
  const volume = join(place, 'volume')
  mkdirSync(volume, { recursive: true, mode: 0o700 })
  writeFileSync(join(volume, 'file'), 'works')
  let output = ''
  const spec: ContainerSpec = {
    label: 'trial',
    argv: ['cat', '/var/run/secrets/podpass-trial/file'],
    environment: {},
    hostname: 'trial',
    mounts: [{ containerPath: '/var/run/secrets/podpass-trial', hostPath: volume, readOnly: true }],
    privateDirectory: place,
    output: (_stream, chunk) => {
      output += Buffer.from(chunk).toString()
    },
  }
  try {
    const container = await startContainer(launcher, host, spec)
    const { exitCode, startError } = await container.exit
    if (exitCode === 0 && output === 'works') return undefined
    return (output.trim() || startError || `exit code ${exitCode}`).slice(0, 300)
  } catch (error) {
    return (error as Error).message
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
