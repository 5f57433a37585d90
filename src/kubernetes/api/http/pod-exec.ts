/** pods/exec: one more command in a container, its streams over a WebSocket, as kubectl and the client libraries ask for it. */
import type { WebSocket } from 'ws'
import type { NodeAgent } from '../../cluster-client.ts'
import type { KubernetesObject } from '../../object.ts'
import { StartFailure } from '../../runtime/runtime.ts'
import { getObject } from '../machinery.ts'
import { badRequest, statusRefusal } from '../status.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { type ExecChannels, execChannels, execProtocols } from './exec-channels.ts'
import { containerOf } from './pod-container.ts'
import { isTrue } from './route.ts'
import { offeredProtocols } from './upgrade.ts'

interface ExecRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly argv: readonly string[]
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Refuses by HTTP what cannot begin; what goes wrong later the client learns on its error channel. */
export async function podExec(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, route, query, request, upgrade } = call
  const pod = getObject(deps.machinery, kind, route.namespace, route.name)
  const asked = execRequest(pod, query)
  if (!pod['spec'].nodeName) {
    throw badRequest(`pod ${asked.pod} does not have a host assigned`)
  }
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
  const agent = deps.nodeAgent()
  if (!agent || !isRunning(pod, asked.container)) throw notRunning(asked.container)
  const connection = await upgrade.accept(execProtocols)
  await runOver(connection, asked, agent, deps.closing)
}

async function runOver(
  connection: WebSocket,
  asked: ExecRequest,
  agent: NodeAgent,
  closing: AbortSignal,
): Promise<void> {
  const channels = execChannels(connection, asked)
  const gone = new AbortController()
  const leave = () => gone.abort()
  connection.once('close', leave)
  closing.addEventListener('abort', leave, { once: true })
  if (closing.aborted) leave()
  try {
    await channels.end(await statusOf(asked, agent, channels, gone.signal))
  } catch (error) {
    await channels.end(failure('Internal error occurred: the command was lost'))
    throw error
  } finally {
    closing.removeEventListener('abort', leave)
    // A server that closes waits for nobody's farewell.
    if (closing.aborted) connection.terminate()
  }
}

/** Runs it to its end, which is answered as a Status. */
async function statusOf(
  { namespace, pod, container, argv, stdin, tty }: ExecRequest,
  agent: NodeAgent,
  channels: ExecChannels,
  signal: AbortSignal,
): Promise<object> {
  try {
    const ended = await agent.exec(namespace, pod, container, argv, {
      ...(stdin ? { input: channels.input } : {}),
      ...(tty ? { terminal: { onSize: channels.onSize } } : {}),
      output: channels.send,
      signal,
    })
    if (!ended) return failure(notRunning(container).message)
    return ended.exitCode === 0 ? success : exitFailure(argv, ended.exitCode)
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error
    return failure(
      `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: ${error.message}`,
    )
  }
}

const success = { metadata: {}, status: 'Success' }

function failure(message: string): object {
  const causes = [{ message }]
  const details = { causes }
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

function execRequest(pod: KubernetesObject, query: URLSearchParams): ExecRequest {
  const { namespace = '', name } = pod.metadata
  const tty = isTrue(query.get('tty'))
  const stdin = isTrue(query.get('stdin'))
  const stdout = isTrue(query.get('stdout'))
  // A terminal has one output.
  const stderr = isTrue(query.get('stderr')) && !tty
  const container = containerOf(pod, query.get('container') ?? '')
  const argv = query.getAll('command')
  if (argv.length === 0) throw badRequest('you must specify a command')
  if (!stdin && !stdout && !stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  return { namespace, pod: name, container, argv, stdin, stdout, stderr, tty }
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
