/** Reads a container's log as `kubectl logs` wants it: from where, how much, with times or without, to the end or on. */
import { type FileHandle, open } from 'node:fs/promises'
import type { NodeAgent } from '../cluster-client.ts'
import { type ContainerLog, rotatedName } from './container-log.ts'

export type LogOptions = Parameters<NodeAgent['logs']>[3]

const blockBytes = 64 * 1024
const newline = 10

/**
 * The lines of `file` (what was moved aside when it was full comes first). `live` is the log that is still being
 * written, if it is: with `follow` the stream goes on until that ends.
 */
export async function* readLog(
  file: string,
  live: ContainerLog | undefined,
  options: LogOptions,
): AsyncGenerator<Uint8Array> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  for await (const line of entries(file, live, options)) {
    const text = shown(line, options)
    if (!text) continue
    if (text.length >= left) {
      yield text.subarray(0, left)
      return
    }
    left -= text.length
    yield text
  }
}

/** What of a written line is shown; undefined when it is older than asked for or none of ours. */
function shown(line: Buffer, options: LogOptions): Buffer | undefined {
  const time = line.indexOf(' ')
  const stream = line.indexOf(' ', time + 1)
  const tag = line.indexOf(' ', stream + 1)
  if (time < 0 || stream < 0 || tag < 0) return undefined
  const stamp = line.toString('latin1', 0, time)
  if (options.sinceTime !== undefined && !(Date.parse(stamp) >= options.sinceTime)) return undefined
  const isWhole = line[stream + 1] === 0x46
  const text = line.subarray(tag + 1)
  const parts = [...(options.timestamps ? [Buffer.from(`${stamp} `)] : []), text]
  return Buffer.concat(isWhole ? [...parts, Buffer.from('\n')] : parts)
}

async function* entries(
  file: string,
  live: ContainerLog | undefined,
  options: LogOptions,
): AsyncGenerator<Buffer> {
  let current = await openIfThere(file)
  if (!current) return
  try {
    const older = await openIfThere(rotatedName(file))
    const { inOlder, offset } = await start(current, older, options.tailLines)
    if (older) {
      try {
        if (inOlder !== undefined) yield* lines(older, inOlder)
      } finally {
        await older.close()
      }
    }
    const position = { offset }
    for (;;) {
      const more = options.follow && live?.isOpen ? live.changed() : undefined
      yield* lines(current, offset, position)
      if (!more) return
      await more
      const next = await openIfThere(file)
      if (next && (await next.stat()).ino !== (await current.stat()).ino) {
        // The log was moved aside: what we have not read of it yet comes before the new file.
        yield* lines(current, position.offset, position)
        await current.close()
        current = next
        position.offset = 0
      } else await next?.close()
    }
  } finally {
    await current.close()
  }
}

/** Whole lines from `offset` on; `position` is kept at the end of the last one handed out. */
async function* lines(
  handle: FileHandle,
  offset: number,
  position = { offset },
): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  let at = position.offset
  for (;;) {
    const block = Buffer.alloc(blockBytes)
    const { bytesRead } = await handle.read(block, 0, blockBytes, at)
    if (bytesRead === 0) return
    at += bytesRead
    rest = Buffer.concat([rest, block.subarray(0, bytesRead)])
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      position.offset += end + 1
      yield rest.subarray(0, end)
      rest = rest.subarray(end + 1)
    }
  }
}

/** Where to begin for the last `tailLines` lines: in the current file, or in the older one too. */
async function start(
  current: FileHandle,
  older: FileHandle | undefined,
  tailLines: number | undefined,
): Promise<{ inOlder?: number; offset: number }> {
  if (tailLines === undefined) return { ...(older && { inOlder: 0 }), offset: 0 }
  const here = await tailOffset(current, tailLines)
  if (!older || here.lines >= tailLines) return { offset: here.offset }
  return { inOlder: (await tailOffset(older, tailLines - here.lines)).offset, offset: 0 }
}

/** Where the last `count` lines begin, read from the end; `lines` is how many there are, at most `count`. */
async function tailOffset(
  handle: FileHandle,
  count: number,
): Promise<{ offset: number; lines: number }> {
  const { size } = await handle.stat()
  if (count <= 0) return { offset: size, lines: 0 }
  let found = 0
  let end = size
  while (end > 0) {
    const from = Math.max(0, end - blockBytes)
    const block = Buffer.alloc(end - from)
    await handle.read(block, 0, block.length, from)
    for (let i = block.length - 1; i >= 0; i--) {
      // The newline that ends the last line begins no other.
      if (block[i] !== newline || from + i === size - 1) continue
      if (++found === count) return { offset: from + i + 1, lines: count }
    }
    end = from
  }
  return { offset: 0, lines: size > 0 ? found + 1 : 0 }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
