/** The few questions about the host's file system on which a container's view of it is planned. */
import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { delimiter, dirname, isAbsolute, join, normalize } from 'node:path'
import type { ContainerMount } from '../runtime.ts'

export interface HostEntry {
  readonly name: string
  /** Target as written, of a symbolic link. */
  readonly link?: string
}

export function entriesOf(directory: string): HostEntry[] {
  return readdirSync(directory, { withFileTypes: true }).map((entry) =>
    entry.isSymbolicLink()
      ? { name: entry.name, link: readlinkSync(join(directory, entry.name)) }
      : { name: entry.name },
  )
}

export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * `path` with the symbolic links of its existing part followed: `/var/run/secrets/x` is `/run/secrets/x` on most
 * systems. The part that does not exist is kept as it is.
 */
export function resolveExisting(path: string): string {
  const clean = normalize(path).replace(/(?<=.)\/+$/, '')
  let existing = clean
  const rest: string[] = []
  while (existing !== '/') {
    try {
      return join(realpathSync(existing), ...rest)
    } catch {
      rest.unshift(existing.slice(existing.lastIndexOf('/') + 1))
      existing = dirname(existing)
    }
  }
  return clean
}

/** True when `path` is `directory` or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** Where a container's path lies on the host: through its mounts, the longest first. */
export function throughMounts(path: string, mounts: readonly ContainerMount[]): string {
  const mount = mounts
    .filter((m) => isWithin(path, m.containerPath))
    .sort((a, b) => b.containerPath.length - a.containerPath.length)[0]
  return mount ? mount.hostPath + path.slice(mount.containerPath.length) : path
}

/** The file that a command's first word names, as the container sees it; or why there is none, in runc's words. */
export function findCommand(
  command: string,
  options: {
    readonly path: string
    readonly workingDirectory: string
    readonly mounts: readonly ContainerMount[]
  },
): { readonly file: string } | { readonly why: string } {
  const { path, workingDirectory, mounts } = options
  if (command.includes('/')) {
    const file = isAbsolute(command) ? command : join(workingDirectory, command)
    const host = throughMounts(file, mounts)
    if (!exists(host))
      return { why: `exec: "${command}": stat ${command}: no such file or directory` }
    if (isDirectory(host)) return { why: `exec: "${command}": is a directory` }
    return isExecutable(host) ? { file } : { why: `exec: "${command}": permission denied` }
  }
  for (const directory of path.split(delimiter)) {
    const file = join(directory || workingDirectory, command)
    const host = throughMounts(file, mounts)
    if (isExecutable(host) && !isDirectory(host)) return { file }
  }
  return { why: `exec: "${command}": executable file not found in $PATH` }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
