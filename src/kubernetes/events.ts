/** Records what happened to an object as Kubernetes events; repeats raise the count of the first. */
import { randomInt } from 'node:crypto'
import type { Log } from '../audit/log.ts'
import type { Clock } from '../kernel/clock.ts'
import { isoSeconds } from '../kernel/iso-time.ts'
import type { ClusterClient } from './cluster-client.ts'
import type { KubernetesObject } from './object.ts'
import { events } from './resources.ts'

export interface EventRecorder {
  /** Never throws and does not wait; `fieldPath` names a part of the object, as `spec.containers{app}`. */
  record(
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void
  /** Resolves when all that was recorded is written. */
  settled(): Promise<void>
}

/** As the API server cuts longer ones off. */
const messageLengthMax = 1024
/** How many different events are remembered for counting. */
const rememberedMax = 4096

/** `component` is who speaks (`kubelet`); `host` the node it speaks from. */
export function createEventRecorder(deps: {
  readonly client: ClusterClient
  readonly clock: Clock
  readonly component: string
  readonly host?: string
  readonly log: Log
}): EventRecorder {
  const { client, clock, component, host, log } = deps
  const names = new Map<string, string>()
  /** Time of the last name. */
  let microseconds = 0
  let queue = Promise.resolve()

  async function write(object: KubernetesObject, of: EventFacts): Promise<void> {
    const namespace = object.metadata.namespace ?? 'default'
    const key = JSON.stringify([object.metadata.uid, of.type, of.reason, of.message, of.fieldPath])
    const known = names.get(key)
    if (known) {
      const now = isoSeconds(of.at)
      const written = await client.modify(events, namespace, known, (event) => ({
        ...event,
        count: (event['count'] ?? 1) + 1,
        lastTimestamp: now,
      }))
      if (written) return
    }
    // Named by nanoseconds as Kubernetes names them: a list is then in order of time even within a second.
    microseconds = Math.max(microseconds, of.at * 1000) + 1
    const stamp = BigInt(microseconds) * 1000n + BigInt(randomInt(1000))
    const name = `${object.metadata.name}.${stamp.toString(16)}`
    names.delete(key)
    names.set(key, name)
    const oldest = names.size > rememberedMax ? names.keys().next().value : undefined
    if (oldest !== undefined) names.delete(oldest)
    await client.create(events, namespace, eventObject(object, name, of, component, host))
  }

  return {
    record(object, type, reason, message, fieldPath) {
      const of = {
        type,
        reason,
        message: message.slice(0, messageLengthMax),
        at: clock.now(),
        fieldPath,
      }
      queue = queue
        .then(() => write(object, of))
        // A namespace that is going away takes no events; nobody is waiting for this one.
        .catch((error) => log.debug({ error, reason }, 'event not recorded'))
    },
    settled: () => queue,
  }
}

interface EventFacts {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly at: number
  readonly fieldPath: string | undefined
}

function eventObject(
  object: KubernetesObject,
  name: string,
  { type, reason, message, at, fieldPath }: EventFacts,
  component: string,
  host: string | undefined,
): object {
  const { namespace, uid, resourceVersion } = object.metadata
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: namespace ?? 'default' },
    involvedObject: {
      kind: object.kind,
      ...(namespace && { namespace }),
      name: object.metadata.name,
      uid,
      apiVersion: object.apiVersion,
      resourceVersion,
      ...(fieldPath && { fieldPath }),
    },
    reason,
    message,
    source: { component, ...(host && { host }) },
    firstTimestamp: isoSeconds(at),
    lastTimestamp: isoSeconds(at),
    count: 1,
    type,
    reportingComponent: component,
    reportingInstance: host ?? '',
  }
}
