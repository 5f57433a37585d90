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

/** The first launcher that can run a command with a file mounted below /run; plain processes when none can. */
export async function chooseLauncher(
  host: HostOptions,
  options: { readonly directory: string; readonly isolation?: string },
): Promise<Launcher> {
  const find = (name: string) => {
    const found = findCommand(name, { path: host.path, workingDirectory: '/', mounts: [] })
    return 'file' in found ? found.file : undefined
  }
  const nsenter = find('nsenter')
  const reasons: string[] = []
  const wanted = (kind: string) => !options.isolation || options.isolation === kind
  const bwrap = wanted('bubblewrap') ? find('bwrap') : undefined
  if (bwrap) {
    const launcher = bubblewrap({ bwrap, nsenter })
    const problem = await trial(launcher, host, options.directory)
    if (!problem) return launcher
    reasons.push(`bubblewrap does not work here: ${problem}`)
  } else reasons.push('bubblewrap is not installed')
  const program = wanted('unshare') ? find('unshare') : undefined
  if (program) {
    const launcher = unshare({ unshare: program, nsenter, why: reasons.join('; ') })
    const problem = await trial(launcher, host, options.directory)
    if (!problem) return launcher
    reasons.push(`unshare does not work here: ${problem}`)
  }
  return plain(reasons.join('; '))
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
