/** For containers that share the host's file system: paths of the pod's mounts are replaced by where they lie on the host. */
import type { ContainerMount } from '../runtime.ts'
import { isWithin } from './host-files.ts'

/**
 * Replaces each mount's path in `text` where it stands as a whole path: at the start or after a separator, and
 * followed by `/`, a separator or the end. `/data` is replaced in `--dir=/data/x:/data`, not in `/database`.
 */
export function rewritePaths(text: string, mounts: readonly ContainerMount[]): string {
  if (!text.includes('/')) return text
  const places = mounts
    .filter((m) => m.containerPath !== '/')
    .sort((a, b) => b.containerPath.length - a.containerPath.length)
  if (places.length === 0) return text
  const alternatives = places.map((m) => escapePattern(m.containerPath)).join('|')
  const pattern = new RegExp(`(?<![\\w./-])(?:file://)?(?:${alternatives})(?![\\w.-])`, 'g')
  return text.replace(pattern, (found) => {
    const scheme = found.startsWith('file://') ? 'file://' : ''
    const path = found.slice(scheme.length)
    const mount = places.find((m) => isWithin(path, m.containerPath))
    return mount ? scheme + mount.hostPath : found
  })
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
