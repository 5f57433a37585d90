/** pods/log: what a container has written, as the kubelet keeps it. */
import type { NodeAgent } from '../../cluster-client.ts'
import type { KubernetesObject } from '../../object.ts'
import { getObject } from '../machinery.ts'
import { badRequest } from '../status.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { containerOf } from './pod-container.ts'
import { integerOf } from './read-objects.ts'
import { respondText } from './respond.ts'
import { isTrue } from './route.ts'

interface State {
  waiting?: { reason?: string }
  terminated?: object
}
interface ContainerStatus {
  name: string
  state?: State
  lastState?: State
}

/** Streams a container's log as text. */
export async function podLogs(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, route, query, response } = call
  const { machinery, closing } = deps
  const pod = getObject(machinery, kind, route.namespace, route.name)
  const container = containerOf(pod, query.get('container') ?? '')
  const options = logOptions(query, machinery.clock.now())
  if (!pod['spec'].nodeName) return respondText(response, 200, '', 'text/plain')
  checkHasLog(pod, container, options.previous)
  const { namespace = '', name } = pod.metadata
  const chunks = deps.nodeAgent()?.logs(namespace, name, container, options)
  if (!chunks) return respondText(response, 200, '', 'text/plain')
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' })
  response.flushHeaders()
  const iterator = chunks[Symbol.asyncIterator]()
  const ended = Promise.withResolvers<undefined>()
  const stop = () => ended.resolve(undefined)
  response.once('close', stop)
  closing.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const step = await Promise.race([iterator.next(), ended.promise])
      if (!step || step.done) break
      if (!response.write(step.value)) {
        await Promise.race([new Promise((go) => response.once('drain', go)), ended.promise])
      }
    }
  } finally {
    closing.removeEventListener('abort', stop)
    // Not awaited: a generator that waits for more output would answer only when some comes.
    void iterator.return?.()
    response.end()
  }
}

type LogOptions = Parameters<NodeAgent['logs']>[3]

function logOptions(query: URLSearchParams, now: number): LogOptions {
  const tailLines = integerOf(query, 'tailLines')
  const limitBytes = integerOf(query, 'limitBytes')
  const sinceSeconds = integerOf(query, 'sinceSeconds')
  const sinceTime = query.get('sinceTime')
  const since = sinceSeconds === undefined ? Date.parse(sinceTime ?? '') : now - sinceSeconds * 1000
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(Number.isNaN(since) ? {} : { sinceTime: since }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  }
}

/** What the kubelet says when there is nothing to read yet. */
function checkHasLog(pod: KubernetesObject, container: string, previous: boolean): void {
  const status = pod['status'] ?? {}
  const statuses: ContainerStatus[] = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
  ]
  const of = statuses.find((s) => s.name === container)
  const { name } = pod.metadata
  if (previous && !of?.lastState?.terminated) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`)
  }
  const waiting = of?.state?.waiting
  if (previous || (of && !waiting) || of?.lastState?.terminated) return
  const reason = waiting?.reason ?? 'ContainerCreating'
  // The kubelet's words for its most common reasons.
  const words: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: 'trying and failing to pull image',
  }
  const why = words[reason] ?? reason
  throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${why}`)
}
