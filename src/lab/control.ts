/** The lab's own socket: status, clock and stop, for the user who started it and nobody else. */
import { rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { ControlAnswer } from './administration.ts'
import type { PodNetworkChoice } from './pod-networks.ts'

/** What a running lab says of itself. Times are ms since the epoch. */
export interface LabStatus {
  readonly pid: number
  readonly home: string
  readonly startedAt: number
  readonly ready: boolean
  readonly version: string
  readonly account: string
  readonly region: string
  readonly awsPort: number
  readonly issuerPort: number
  readonly clusters: readonly {
    readonly name: string
    readonly endpoint: string
    readonly nodes: number
  }[]
  readonly clock: { readonly now: number; readonly offsetMs: number }
  /** How pods are connected; absent until that was found out. */
  readonly podNetwork?: PodNetworkChoice
}

/** What the socket can ask of the lab. */
export interface LabControls {
  status(): LabStatus
  /** Moves the lab's clock: ahead by `advanceMs`, or back to wall time with `reset`. */
  moveClock(change: { readonly advanceMs: number } | 'reset'): Promise<void>
  /** Everything else that can be asked (`./administration.ts`); undefined: no such route. Never rejects. */
  administer(route: string, body: string): Promise<ControlAnswer | undefined>
  stop(): void
}

/** Answers on a Unix socket until disposed. */
export async function serveControls(path: string, controls: LabControls): Promise<AsyncDisposable> {
  rmSync(path, { force: true })
  const server = createServer((incoming, outgoing) => {
    let text = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (chunk: string) => {
      text = (text + chunk).slice(0, 10_000)
    })
    incoming.on('end', async () => {
      const answer = (status: number, body: unknown) => {
        outgoing.writeHead(status, { 'content-type': 'application/json' })
        outgoing.end(JSON.stringify(body))
      }
      const route = `${incoming.method} ${incoming.url}`
      if (route === 'GET /status') return answer(200, controls.status())
      if (route === 'POST /stop') {
        answer(202, {})
        return controls.stop()
      }
      if (route === 'POST /clock') {
        const change = clockChange(text)
        if (change === undefined) return answer(400, { message: 'not a change of the clock' })
        await controls.moveClock(change)
        return answer(200, controls.status())
      }
      const done = await controls.administer(route, text)
      return done ? answer(done.status, done.body) : answer(404, { message: 'unknown' })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function clockChange(text: string): { advanceMs: number } | 'reset' | undefined {
  try {
    const body = JSON.parse(text) as { advanceMs?: unknown; reset?: unknown }
    if (body.reset === true) return 'reset'
    const { advanceMs } = body
    return typeof advanceMs === 'number' && Number.isFinite(advanceMs) && advanceMs > 0
      ? { advanceMs }
      : undefined
  } catch {
    return undefined
  }
}

/** Asks a running lab; undefined when none answers on this socket. */
export function askLab(path: string, method: 'GET' | 'POST', route: string, body?: unknown) {
  return new Promise<{ status: number; body: unknown } | undefined>((resolve) => {
    const outgoing = request(
      { socketPath: path, method, path: route, timeout: 30_000 },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) as unknown })
        })
      },
    )
    outgoing.on('error', () => resolve(undefined))
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** The status of the lab on this socket; undefined when none runs. */
export async function labStatus(path: string): Promise<LabStatus | undefined> {
  const answer = await askLab(path, 'GET', '/status')
  return answer?.status === 200 ? (answer.body as LabStatus) : undefined
}
