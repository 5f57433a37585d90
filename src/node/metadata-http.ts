/** HTTP as EC2's metadata service speaks it. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'

export interface Answer {
  readonly status: number
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

const requestTimeoutMs = 10_000

/** Writes the answer as EC2 does; without a text, its page for the status. */
export function send(response: ServerResponse, { status, text, headers }: Answer): void {
  const body = text ?? pageOf(status)
  response.writeHead(status, {
    'content-type': text === undefined ? 'text/html' : 'text/plain',
    'content-length': Buffer.byteLength(body),
    server: 'EC2ws',
    ...headers,
    connection: 'close',
  })
  response.end(body)
}

/** EC2's page for a status. */
export function pageOf(status: number): string {
  const title = STATUS_CODES[status] ?? ''
  return `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${status} - ${title}</title>
 </head>
 <body>
  <h1>${status} - ${title}</h1>
 </body>
</html>
`
}

/** Where to listen: `port` 0 is any free one; or a listener that is there already. */
export type Place = { readonly host: string; readonly port: number } | NetServer

export async function listen(
  place: Place,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer({ requestTimeout: requestTimeoutMs, maxHeaderSize: 16_384 }, handler)
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(place, () => resolve())
  })
  return server
}

export const portOf = (server: Server) => (server.address() as AddressInfo).port

/** Ends all connections and resolves when nothing listens any more. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
