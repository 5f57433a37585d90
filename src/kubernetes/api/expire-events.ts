/** Events live for an hour after they were last written, as in any cluster; the rest is forgotten. */

import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { KubernetesObject } from '../object.ts'

const lifeMs = 3_600_000
const everyMs = 300_000
const events = { group: '', version: 'v1', resource: 'events' }

/** Deletes old events now and then, until disposed. */
export function expireEvents(deps: {
  readonly client: ClusterClient
  readonly clock: Clock
  readonly log: Log
}): Disposable {
  const { client, clock, log } = deps
  let next: Disposable
  const arm = () => {
    next = clock.schedule(clock.now() + everyMs, () => {
      arm()
      void sweep().catch((error) => log.warn({ error }, 'old events could not be removed'))
    })
  }
  const sweep = async () => {
    const old = client.list(events).items.filter((e) => lastSeen(e) + lifeMs < clock.now())
    for (const { metadata } of old) {
      await client.delete(events, metadata.namespace, metadata.name).catch((error) => {
        if ((error as { code?: string }).code !== 'NotFound') throw error
      })
    }
  }
  arm()
  return { [Symbol.dispose]: () => next[Symbol.dispose]() }
}

function lastSeen(event: KubernetesObject): number {
  const times = [
    event.metadata.creationTimestamp,
    event['lastTimestamp'],
    event['eventTime'],
    event['series']?.lastObservedTime,
  ]
  return Math.max(...times.map((time) => Date.parse(time ?? '') || 0))
}
