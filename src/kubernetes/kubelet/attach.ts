/** Attaching to a container that runs: what it writes from now on, and its input where it keeps one open. */
import { once } from 'node:events'
import type { ExecStreams } from '../runtime/runtime.ts'
import type { ContainerRun } from './container-run.ts'
import type { ContainerFields } from './environment.ts'

/** A client that does not read is left behind once this many bytes wait for it: the container does not wait. */
const waitingBytesMax = 4 * 1024 * 1024

/** Resolves when the container has ended, the client has gone, or is too slow. */
export async function attachTo(
  { process, viewers }: ContainerRun,
  container: ContainerFields,
  { input, output, terminal, signal }: ExecStreams,
): Promise<void> {
  const tooSlow = new AbortController()
  let waiting = 0
  let sent: Promise<unknown> = Promise.resolve()
  const view: ExecStreams['output'] = (stream, chunk) => {
    waiting += chunk.length
    if (waiting > waitingBytesMax) tooSlow.abort()
    sent = Promise.resolve(output(stream, chunk)).then(() => {
      waiting -= chunk.length
    })
  }
  viewers.add(view)
  if (input && process.input) {
    // Else whoever attaches next may go on typing.
    input.pipe(process.input, { end: container['stdinOnce'] === true })
  } else input?.resume()
  terminal?.onSize((size) => process.resize(size))
  const gone = AbortSignal.any([signal, tooSlow.signal])
  const left = gone.aborted ? Promise.resolve() : once(gone, 'abort')
  await Promise.race([process.exit, left])
  viewers.delete(view)
  if (process.input) input?.unpipe(process.input)
  if (!gone.aborted) await sent
}
