/** Load over HTTP for the benchmarks: requests made beforehand, sent in turn over a few connections, answers counted and timed. */
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'

/** A server under load. */
export interface Served {
  readonly port: number
  /** CPU microseconds that its process has used so far. */
  cpuMicros(): Promise<number>
}

/** In a server that is a child process: answers `childCpu`, and ends in order, so that `--cpu-prof` is written. */
export function answerCpu(): void {
  process.on('SIGTERM', () => process.exit())
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
}

/** CPU microseconds that a child which called `answerCpu` has used so far. */
export async function childCpu(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message')
  child.send('cpu')
  const [micros] = (await answer) as [number]
  return micros
}

/** What a load showed. */
export interface Figures {
  /** Requests per CPU second of the server. */
  readonly perCpuSecond: number
  /** Answered with 200. */
  readonly good: number
}

/** The bytes of a POST to `/`. `content-length` is added. */
export function post(
  port: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`POST / HTTP/1.1\r\n${head}\r\n${body}`)
}

/** Loads a server after a warm-up, prints a line of what it did, and fails the process where an answer was no 200. */
export async function measure(
  name: string,
  server: Served,
  requests: readonly Buffer[],
  load: { readonly count: number; readonly warmUp: number; readonly connections: number },
): Promise<Figures> {
  const { count, warmUp, connections } = load
  const { port } = server
  if (warmUp > 0) await send(port, requests, { count: warmUp, connections })
  const cpuBefore = await server.cpuMicros()
  const started = performance.now()
  const { times, good } = await send(port, requests, { count, connections })
  const wallSeconds = (performance.now() - started) / 1000
  const cpuSeconds = ((await server.cpuMicros()) - cpuBefore) / 1e6
  const perCpuSecond = count / cpuSeconds
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
  const digest = createHash('sha256').update(`${name} ${good}/${count}`).digest('hex').slice(0, 16)
  process.stdout.write(
    `${name}: ${Math.round(perCpuSecond)} per CPU second (${micros(perCpuSecond)} each), ${Math.round(count / wallSeconds)}/s by the wall, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms at ${connections} connections, ${good} of ${count} good, hash ${digest}\n`,
  )
  if (good !== count) process.exitCode = 1
  return { perCpuSecond, good }
}

/** The line that sets a peer's cost of an operation beside ours. */
export function compare(name: string, ours: Figures, peers: Figures): void {
  const ratio = ours.perCpuSecond / peers.perCpuSecond
  process.stdout.write(
    `${name}: ${micros(ours.perCpuSecond)} of CPU here, ${micros(peers.perCpuSecond)} with moto: ${ratio.toFixed(1)} times\n`,
  )
}

function micros(perSecond: number): string {
  return `${(1e6 / perSecond).toFixed(1)} µs`
}

/** Answers the milliseconds that each request took, in order, and how many answers were 200. */
async function send(
  port: number,
  requests: readonly Buffer[],
  { count, connections }: { readonly count: number; readonly connections: number },
): Promise<{ readonly times: readonly number[]; readonly good: number }> {
  let next = 0
  let good = 0
  const times: number[] = []
  const lane = (resolve: () => void, reject: (error: Error) => void): void => {
    let sentAt = 0
    let pending = ''
    // As cheap as can be: time spent here would count as the server's.
    const take = (bytes: number, buffer: Uint8Array): boolean => {
      pending += (buffer as Buffer).toString('latin1', 0, bytes)
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0 || pending.length < end + 4 + lengthOf(pending, end)) return true
      if (pending.startsWith('HTTP/1.1 200')) good++
      const closes = /\r\nconnection: close/i.test(pending.slice(0, end))
      pending = ''
      times.push(performance.now() - sentAt)
      if (!closes) {
        ask()
        return true
      }
      // A server that keeps no connection, such as moto's: the next request needs one of its own.
      socket.destroy()
      if (next < count) lane(resolve, reject)
      else resolve()
      return false
    }
    const onread = { buffer: Buffer.allocUnsafe(65_536), callback: take }
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    const ask = (): void => {
      const request = requests[next % requests.length]
      if (next >= count || !request) {
        socket.end()
        resolve()
        return
      }
      next++
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('connect', ask)
    socket.on('error', reject)
  }
  await Promise.all(Array.from({ length: connections }, () => new Promise<void>(lane)))
  return { times: times.sort((a, b) => a - b), good }
}

/** What the head of an answer, which ends at `end`, says of the length of its body. */
function lengthOf(answer: string, end: number): number {
  const name = '\r\ncontent-length: '
  const lower = answer.indexOf(name)
  const at = lower >= 0 ? lower : answer.indexOf('\r\nContent-Length: ')
  return at >= 0 && at < end ? Number.parseInt(answer.slice(at + name.length, end), 10) : 0
}
