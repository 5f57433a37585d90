/** The Range header: one range is served; several, or nonsense, give the whole object. */
import type { ByteRange } from './storage/storage.ts'

/** `whole` where there is no usable range. */
export function readRange(
  header: string | undefined,
  size: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes\s*=\s*(\d{0,16})\s*-\s*(\d{0,16})$/i.exec(header?.trim() ?? '')
  if (!match) return 'whole'
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end }
}

/** `bytes=a-b` of a part copy: both ends are a must. Undefined where it is not that. */
export function readCopyRange(header: string): ByteRange | undefined {
  const match = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(header)
  if (!match) return undefined
  const start = Number(match[1])
  const end = Number(match[2])
  return start <= end ? { start, end } : undefined
}
