/** Writes a volume's files so that a container sees either all old or all new ones: the kubelet's `..data` link. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

export interface VolumeFile {
  readonly data: Uint8Array
  /** Permission bits. */
  readonly mode: number
  /** Owners; set only where we are root. */
  readonly uid?: number
  readonly gid?: number
}

/** Path within the volume → file. Paths are relative and free of `..`. */
export type VolumeContent = ReadonlyMap<string, VolumeFile>

const dataLink = '..data'

/**
 * Makes `directory` show `content`: written into a new `..<time>` directory, to which `..data` is then swung in one
 * step. `at` (ms) names the directory. Nothing is touched when the content is the same; true when it was changed.
 */
export function writeVolume(directory: string, content: VolumeContent, at: number): boolean {
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  chmodSync(directory, 0o755)
  const old = linkTarget(join(directory, dataLink))
  if (old !== undefined && isSame(join(directory, old), content)) return false
  const fresh = freshName(directory, at)
  const place = join(directory, fresh)
  mkdirSync(place, { mode: 0o755 })
  chmodSync(place, 0o755)
  for (const [path, file] of content) writeFile(join(place, path), file, place)
  const temporary = join(directory, '..data_tmp')
  rmSync(temporary, { force: true })
  symlinkSync(fresh, temporary)
  renameSync(temporary, join(directory, dataLink))
  showNames(directory, content)
  if (old !== undefined) rmSync(join(directory, old), { recursive: true, force: true })
  return true
}

function writeFile(path: string, file: VolumeFile, place: string): void {
  for (let parent = dirname(path); parent !== place; parent = dirname(parent)) {
    if (lstatSync(parent, { throwIfNoEntry: false })) break
    mkdirSync(parent, { recursive: true, mode: 0o755 })
  }
  writeFileSync(path, file.data, { mode: 0o600 })
  giveTo(path, file.uid, file.gid)
  // Not by writeFileSync's mode, which the process' umask would cut.
  chmodSync(path, file.mode)
}

/**
 * Makes user and group the owners, where we may: for anybody but root the container's user is another name for
 * ourselves anyway.
 */
export function giveTo(path: string, uid: number | undefined, gid: number | undefined): void {
  if ((uid === undefined && gid === undefined) || process.getuid?.() !== 0) return
  try {
    chownSync(path, uid ?? 0, gid ?? 0)
  } catch (error) {
    // Root in a container engine may lack the right.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
}

/** The names a container sees are links through `..data`; one for each first path element. */
function showNames(directory: string, content: VolumeContent): void {
  const wanted = new Set([...content.keys()].map((path) => path.split('/')[0] ?? ''))
  for (const name of readdirSync(directory)) {
    if (!name.startsWith('..') && !wanted.has(name)) unlinkSync(join(directory, name))
  }
  for (const name of wanted) {
    const link = join(directory, name)
    if (linkTarget(link) === undefined) symlinkSync(join(dataLink, name), link)
  }
}

function isSame(place: string, content: VolumeContent): boolean {
  try {
    const there = filesBelow(place)
    if (there.length !== content.size) return false
    return there.every((path) => {
      const file = content.get(path)
      const full = join(place, path)
      return (
        file !== undefined &&
        (lstatSync(full).mode & 0o777) === file.mode &&
        readFileSync(full).equals(file.data)
      )
    })
  } catch {
    // Half written or damaged: written anew.
    return false
  }
}

function filesBelow(place: string, prefix = ''): string[] {
  return readdirSync(join(place, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name)
    return entry.isDirectory() ? filesBelow(place, path) : [path]
  })
}

/** `..2026_01_31_12_00_00.123`, made different where that is taken. */
function freshName(directory: string, at: number): string {
  const time = new Date(at).toISOString().slice(0, 23).replace(/[-T:]/g, '_')
  for (let i = 0; ; i++) {
    const name = `..${time}${String(i).padStart(6, '0')}`
    if (!lstatSync(join(directory, name), { throwIfNoEntry: false })) return name
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
