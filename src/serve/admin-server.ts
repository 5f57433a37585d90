/** Health for whoever runs the process, on a port of its own: no path can clash with what clients ask for. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AdminServer extends AsyncDisposable {
  readonly port: number
}

/**
 * `GET /healthz`: the process lives. `GET /readyz`: it may be sent requests; else 503 with the reasons that
 * `notReady` gives (none: ready).
 */
export async function startAdminServer({
  host,
  port,
  notReady,
}: {
  host: string
  port: number
  notReady: () => readonly string[]
}): Promise<AdminServer> {
  const server = createServer(
    { maxHeaderSize: 8192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      request.resume()
      const answer = (status: number, text: string) => {
        response.writeHead(status, {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'no-store',
        })
        response.end(`${text}\n`)
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'GET only')
      const path = request.url?.split('?', 1)[0]
      if (path === '/healthz') return answer(200, 'ok')
      if (path !== '/readyz') return answer(404, 'here are /healthz and /readyz')
      const reasons = notReady()
      return reasons.length === 0 ? answer(200, 'ok') : answer(503, reasons.join('\n'))
    },
  )
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
