/** Runs what a probe or a life-cycle hook asks for: a command, an HTTP request, a TCP connection. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { PodSandbox } from '../network/pod-network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ContainerRun } from './container-run.ts'
import type { ContainerFields } from './environment.ts'

// biome-ignore lint/suspicious/noExplicitAny: probes and hooks are the API's, not ours to close
export type Handler = Readonly<Record<string, any>>

export interface HandlerContext {
  readonly runtime: Runtime
  readonly run: ContainerRun
  readonly container: ContainerFields
  readonly podIp: string
  /** The pod's own network, where it has one: reached from its node, not from here. */
  readonly sandbox?: PodSandbox
}

/** Undefined when it succeeded, else why not, as the kubelet's events have it. */
export async function runHandler(
  handler: Handler,
  context: HandlerContext,
  timeoutMs: number,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    if (handler['exec']) return await execute(handler['exec'].command ?? [], context, signal)
    if (handler['httpGet']) return await httpGet(handler['httpGet'], context, signal)
    if (handler['tcpSocket']) return await openTcp(handler['tcpSocket'], context, signal)
    return undefined
  } catch (error) {
    return signal.aborted
      ? `command timed out after ${timeoutMs / 1000}s`
      : (error as Error).message
  }
}

/** Of a command's output this much is kept. */
const outputMax = 64 * 1024

async function execute(command: string[], { runtime, run }: HandlerContext, signal: AbortSignal) {
  let output = ''
  const { exitCode } = await runtime.execute(run.process, run.spec, command, {
    output: (_stream, chunk) => {
      if (output.length < outputMax) output += Buffer.from(chunk).toString()
    },
    signal,
  })
  if (signal.aborted) throw new Error('timed out')
  return exitCode === 0 ? undefined : output
}

async function httpGet(target: Handler, context: HandlerContext, signal: AbortSignal) {
  const { scheme = 'HTTP', path = '/', httpHeaders = [] } = target
  const host: string = target['host'] || context.podIp
  const port = portOf(target['port'], context.container)
  const own = httpHeaders.map((h: { name: string; value: string }) => [h.name, h.value])
  const headers = { 'user-agent': 'kube-probe/1.32', accept: '*/*', ...Object.fromEntries(own) }
  const send = scheme === 'HTTPS' ? httpsRequest : httpRequest
  const where = path.startsWith('/') ? path : `/${path}`
  const fail = (error: Error) =>
    new Error(`Get "${scheme.toLowerCase()}://${host}:${port}${where}": ${error.message}`)
  const inside = await insideOf(context, host, port, signal)?.catch((error: Error) => {
    throw fail(error)
  })
  const status = await new Promise<number>((resolve, reject) => {
    // As the kubelet: a probe does not judge the certificate.
    const options = { host, port, path: where, headers, signal, rejectUnauthorized: false }
    const overTls = () => connectTls({ socket: inside, rejectUnauthorized: false })
    const way = inside
      ? { createConnection: () => (scheme === 'HTTPS' ? overTls() : inside) }
      : { agent: false as const }
    const request = send({ ...options, ...way }, (response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', (error) => reject(fail(error)))
    request.end()
  })
  return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`
}

async function openTcp(target: Handler, context: HandlerContext, signal: AbortSignal) {
  const port = portOf(target['port'], context.container)
  const host: string = target['host'] || context.podIp
  const fail = (error: Error) => new Error(`dial tcp ${host}:${port}: ${error.message}`)
  const inside = insideOf(context, host, port, signal)
  if (inside) {
    const socket = await inside.catch((error: Error) => {
      throw fail(error)
    })
    socket.destroy()
    return undefined
  }
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, signal }, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', (error) => reject(fail(error)))
  })
  return undefined
}

/** A connection to a pod that has a network of its own; undefined for all that is reached from here. */
function insideOf(
  { sandbox, podIp }: HandlerContext,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> | undefined {
  if (host !== podIp || !sandbox) return undefined
  const connecting = sandbox.connect(host, port)
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason)
      connecting.then((socket) => socket.destroy()).catch(() => {})
    }
    signal.addEventListener('abort', abort, { once: true })
    connecting.then((socket) => {
      signal.removeEventListener('abort', abort)
      resolve(socket)
    }, reject)
  })
}

function portOf(port: number | string, container: ContainerFields): number {
  if (typeof port === 'number') return port
  const ports: { name?: string; containerPort: number }[] = container['ports'] ?? []
  const named = ports.find((p) => p.name === port)
  const number = named?.containerPort ?? Number(port)
  if (!Number.isInteger(number)) throw new Error(`couldn't find port: "${port}"`)
  return number
}
