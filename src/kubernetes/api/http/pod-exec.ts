/** pods/exec and pods/attach: a container's streams over a WebSocket, as kubectl and the client libraries ask for them. */
import type { WebSocket } from 'ws'
import type { NodeAgent } from '../../cluster-client.ts'
import type { KubernetesObject } from '../../object.ts'
import { type ExecStreams, StartFailure } from '../../runtime/runtime.ts'
import { getObject } from '../machinery.ts'
import { badRequest, statusRefusal } from '../status.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { type ExecChannels, execChannels, execProtocols } from './exec-channels.ts'
import { containerOf } from './pod-container.ts'
import { isTrue } from './route.ts'
import { offeredProtocols, type Upgrade } from './upgrade.ts'

interface StreamRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Does what was asked for, until it is over or nobody listens any more; answers a Status. */
type Work = (agent: NodeAgent, asked: StreamRequest, streams: ExecStreams) => Promise<object>

/** Runs one more command in a container. */
export async function podExec(call: KindCall, deps: ApiDeps): Promise<void> {
  const argv = call.query.getAll('command')
  if (argv.length === 0) throw badRequest('you must specify a command')
  await overChannels(call, deps, async (agent, asked, streams) => {
    const ended = await agent.exec(asked.namespace, asked.pod, asked.container, argv, streams)
    if (!ended) return failure(notRunning(asked.container).message)
    return ended.exitCode === 0 ? success : exitFailure(argv, ended.exitCode)
  })
}

/** Joins what a container's own process reads and writes. */
export async function podAttach(call: KindCall, deps: ApiDeps): Promise<void> {
  await overChannels(call, deps, async (agent, { namespace, pod, container }, streams) => {
    const attached = agent.attach(namespace, pod, container, streams)
    if (!attached) return failure(notRunning(container).message)
    await attached
    return success
  })
}

/** Refuses by HTTP what cannot begin; what goes wrong later the client learns on its error channel. */
async function overChannels(call: KindCall, deps: ApiDeps, work: Work): Promise<void> {
  const { kind, route, query } = call
  const pod = getObject(deps.machinery, kind, route.namespace, route.name)
  const asked = streamRequest(pod, query)
  if (!pod['spec'].nodeName) {
    throw badRequest(`pod ${asked.pod} does not have a host assigned`)
  }
  const upgrade = upgradeOf(call)
  const agent = deps.nodeAgent()
  if (!agent || !isRunning(pod, asked.container)) throw notRunning(asked.container)
  const connection = await upgrade.accept(execProtocols)
  await runOver(connection, asked, deps.closing, (streams) => work(agent, asked, streams))
}

function upgradeOf({ request, upgrade }: KindCall): Upgrade {
  if (!upgrade) {
    const wanted = request.headers.upgrade
    if (!wanted) throw badRequest('Upgrade request required')
    throw badRequest(
      `unable to upgrade: ${wanted} is not spoken here, only WebSockets are (kubectl from 1.31 on)`,
    )
  }
  const offered = offeredProtocols(request)
  if (!offered.some((one) => execProtocols.includes(one))) {
    throw badRequest(
      `unable to upgrade: none of the protocols [${offered.join(' ')}] is spoken here, only [${execProtocols.join(' ')}]`,
    )
  }
  return upgrade
}

async function runOver(
  connection: WebSocket,
  asked: StreamRequest,
  closing: AbortSignal,
  work: (streams: ExecStreams) => Promise<object>,
): Promise<void> {
  const channels = execChannels(connection, asked)
  const gone = new AbortController()
  const leave = () => gone.abort()
  connection.once('close', leave)
  closing.addEventListener('abort', leave, { once: true })
  if (closing.aborted) leave()
  try {
    await channels.end(await statusOf(work(streamsOf(channels, asked, gone.signal))))
  } catch (error) {
    await channels.end(failure('Internal error occurred: the command was lost'))
    throw error
  } finally {
    closing.removeEventListener('abort', leave)
    // A server that closes waits for nobody's farewell.
    if (closing.aborted) connection.terminate()
  }
}

function streamsOf(
  channels: ExecChannels,
  { stdin, tty }: StreamRequest,
  signal: AbortSignal,
): ExecStreams {
  return {
    ...(stdin ? { input: channels.input } : {}),
    ...(tty ? { terminal: { onSize: channels.onSize } } : {}),
    output: channels.send,
    signal,
  }
}

async function statusOf(work: Promise<object>): Promise<object> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error
    return failure(
      `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: ${error.message}`,
    )
  }
}

const success = { metadata: {}, status: 'Success' }

function failure(message: string): object {
  const details = { causes: [{ message }] }
  const reason = 'InternalError'
  return { metadata: {}, status: 'Failure', message, reason, details, code: 500 }
}

/** As the kubelet says it: kubectl reads the code, and ends with it. */
function exitFailure(argv: readonly string[], code: number): object {
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command [${argv.join(' ')}], exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

function streamRequest(pod: KubernetesObject, query: URLSearchParams): StreamRequest {
  const { namespace = '', name } = pod.metadata
  const tty = isTrue(query.get('tty'))
  const stdin = isTrue(query.get('stdin'))
  const stdout = isTrue(query.get('stdout'))
  // A terminal has one output.
  const stderr = isTrue(query.get('stderr')) && !tty
  const container = containerOf(pod, query.get('container') ?? '')
  if (!stdin && !stdout && !stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  return { namespace, pod: name, container, stdin, stdout, stderr, tty }
}

function isRunning(pod: KubernetesObject, container: string): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = pod['status'] ?? {}
  const all: { name: string; state?: { running?: object } }[] = [
    ...containerStatuses,
    ...initContainerStatuses,
  ]
  return all.some(({ name, state }) => name === container && state?.running !== undefined)
}

function notRunning(container: string) {
  const message = `unable to upgrade connection: container not found ("${container}")`
  return statusRefusal(500, 'InternalError', message, { causes: [{ message }] })
}
