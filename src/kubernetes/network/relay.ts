/** Connections of pods that leave their cluster's network: accepted in it, carried on from this machine's own. */
import { connect, createServer, isIPv4, type Server, type Socket } from 'node:net'
import { vpc } from './address-plan.ts'

export interface Target {
  readonly host: string
  readonly port: number
}

const connectionsMax = 4096

/** Serves `door`, a listener inside, until disposed; connections for which there is no target are reset at once. */
export function relay(
  door: Server,
  targetOf: (address: string, port: number) => Target | undefined,
): Disposable {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (pod) => {
    const target = targetOf(pod.localAddress ?? '', pod.localPort ?? 0)
    if (!target) return void pod.resetAndDestroy()
    const outside = connect({ ...target, allowHalfOpen: true, noDelay: true })
    for (const [one, other] of [
      [pod, outside],
      [outside, pod],
    ] as const) {
      open.add(one)
      one.on('error', () => other.resetAndDestroy())
      one.on('close', () => {
        open.delete(one)
        other.destroySoon()
      })
      one.pipe(other)
    }
  })
  server.maxConnections = connectionsMax
  server.on('error', () => {})
  server.listen(door)
  return {
    [Symbol.dispose]() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** True for what a pod may reach beyond its cluster: what the machine reaches, itself and link-local addresses apart. */
export function isOutside(address: string): boolean {
  if (!isIPv4(address)) return false
  const own = ['0.', '127.', '169.254.', '10.100.', vpc.prefix]
  return Number(address.split('.')[0]) < 224 && !own.some((prefix) => address.startsWith(prefix))
}
