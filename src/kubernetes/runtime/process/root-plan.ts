/** Plans the file system that a container sees under bubblewrap: the host's, read-only, with the pod's own places over it. */
import { dirname, join } from 'node:path'
import type { ContainerMount } from '../runtime.ts'
import { entriesOf, exists, isDirectory, isWithin, resolveExisting } from './host-files.ts'

export interface RootOptions {
  readonly mounts: readonly ContainerMount[]
  /** Directories that must exist inside. */
  readonly directories: readonly string[]
  /** Directories and files of the host that no container may see. */
  readonly hidden: readonly string[]
  /** Files and directories of the host that containers need at their own paths, even below a hidden directory. */
  readonly exposed: readonly string[]
  /** bubblewrap's own /dev; it costs an ordinary user a second user namespace, which nobody can enter afterwards. */
  readonly hasOwnDevices: boolean
  /** Files and directories that programs come from (PATH): with them comes all that may lie beside them. */
  readonly tools: readonly string[]
}

/** Replaced by empty file systems of the container's own; what is needed from the host's comes back read-only. */
const emptied = ['/tmp', '/run']
/** Mounted by bubblewrap itself. */
const special = ['/proc', '/dev']

/**
 * The bubblewrap arguments that build the container's root. The root itself is a fresh tmpfs into which the host's
 * top-level directories are bound, so that a mount point that does not exist on the host can be made; a directory
 * deeper down that must take a new mount point is taken apart in the same way.
 */
export function planRoot(options: RootOptions): string[] {
  const { mounts, directories, hidden, exposed, tools } = options
  const targets = mounts.map((m) => ({ ...m, containerPath: resolveExisting(m.containerPath) }))
  const wanted = directories.map(resolveExisting)
  const apart = directoriesToTakeApart([...targets.map((m) => m.containerPath), ...wanted])
  const args: string[] = []
  for (const empty of emptied) args.push('--tmpfs', empty)
  takeApart('/', apart, args)
  args.push('--proc', '/proc', ...(options.hasOwnDevices ? ['--dev', '/dev'] : boundDevices()))
  const back = comeBack(tools.map(resolveExisting))
  for (const path of back) args.push('--ro-bind', path, path)
  for (const directory of hidden.map(resolveExisting)) {
    // What is emptied anyway needs no cover, and a mount point for it would only tell that it is there.
    const gone = emptied.some((d) => isWithin(directory, d))
    const cameBack = back.some((path) => isWithin(directory, path))
    if (!exists(directory) || (gone && !cameBack)) continue
    if (isDirectory(directory)) args.push('--tmpfs', directory)
    else args.push('--ro-bind', '/dev/null', directory)
  }
  for (const path of exposed) {
    const covered = [...emptied, ...hidden].some((d) => isWithin(resolveExisting(path), d))
    if (covered && exists(path)) args.push(...wayTo(path), '--ro-bind', path, path)
  }
  for (const mount of byDepth(targets)) {
    const bind = mount.readOnly ? '--ro-bind' : '--bind'
    args.push(...wayTo(mount.containerPath), bind, mount.hostPath, mount.containerPath)
  }
  for (const directory of wanted) {
    if (!isDirectory(directory)) args.push(...wayTo(directory), '--dir', directory)
  }
  return args
}

/** Makes the directories above a path that the host may not give: those that bubblewrap makes by itself admit root only. */
function wayTo(path: string): string[] {
  const above: string[] = []
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) {
    if (!isWithin(parent, '/dev') && !isWithin(parent, '/proc')) above.unshift('--dir', parent)
  }
  return above
}

function boundDevices(): string[] {
  const devices = ['full', 'null', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`)
  const links = { fd: '', stdin: '/0', stdout: '/1', stderr: '/2' }
  return [
    ...['--tmpfs', '/dev', '--tmpfs', '/dev/shm'],
    ...devices.flatMap((device) => ['--dev-bind-try', device, device]),
    ...Object.entries(links).flatMap(([name, to]) => [
      '--symlink',
      `/proc/self/fd${to}`,
      `/dev/${name}`,
    ]),
  ]
}

/** Directories of the host that exist but lack the way to some mount point, with all above them. */
function directoriesToTakeApart(paths: readonly string[]): Set<string> {
  const apart = new Set(['/'])
  for (const containerPath of paths) {
    if ([...emptied, ...special].some((d) => isWithin(containerPath, d))) continue
    if (exists(containerPath)) continue
    let parent = dirname(containerPath)
    while (!exists(parent)) parent = dirname(parent)
    for (; parent !== '/'; parent = dirname(parent)) apart.add(parent)
  }
  return apart
}

function takeApart(directory: string, apart: ReadonlySet<string>, args: string[]): void {
  for (const { name, link } of entriesOf(directory)) {
    const path = join(directory, name)
    if (emptied.includes(path) || special.includes(path)) continue
    if (link !== undefined) args.push('--symlink', link, path)
    else if (apart.has(path)) {
      args.push('--dir', path)
      takeApart(path, apart, args)
    } else args.push('--ro-bind-try', path, path)
  }
}

/** The entries of emptied directories that something needed lies in, bound back read-only. */
function comeBack(needed: readonly string[]): string[] {
  const entries = new Set<string>()
  for (const path of needed) {
    const empty = emptied.find((d) => path !== d && isWithin(path, d))
    if (empty) entries.add(join(empty, path.slice(empty.length + 1).split('/')[0] ?? ''))
  }
  return [...entries].filter(exists)
}

function byDepth(mounts: readonly ContainerMount[]): ContainerMount[] {
  return [...mounts].sort((a, b) => a.containerPath.length - b.containerPath.length)
}
