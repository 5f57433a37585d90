/** A pod's status as the API shows it, from what the kubelet knows: pure; and back, after a restart. */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { KubernetesObject } from '../object.ts'
import { parseTimestamp } from '../timestamp.ts'
import {
  type ContainerRecord,
  type ContainerState,
  containersOf,
  initContainersOf,
  type Phase,
  phaseOf,
  type Records,
  type Terminated,
  uninitialized,
} from './container-record.ts'
import type { ContainerFields } from './environment.ts'

export interface StatusFacts {
  readonly records: Records
  readonly hostIp: string
  readonly podIp: string | undefined
  readonly startedAt: number
  readonly volumesReady: boolean
  /** The pod is being deleted and nothing of it runs any more. */
  readonly isEnded?: boolean
  /** The kubelet ended the pod for a reason of its own: phase is Failed. */
  readonly failure?: { readonly reason: string; readonly message: string }
  /** Set where containers are not fully kept apart. */
  readonly isolationNote?: string
  readonly now: number
}

interface Condition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
}

/** The whole status; what others wrote (qosClass, their conditions) is kept from the pod's. */
export function podStatus(pod: KubernetesObject, facts: StatusFacts): Record<string, unknown> {
  const { records, hostIp, startedAt, failure, now } = facts
  const old = pod['status'] ?? {}
  const podIp = facts.podIp ?? old.podIP
  const phase = failure ? 'Failed' : facts.isEnded ? endPhase(records) : phaseOf(pod, records)
  const conditions = mergeConditions(old.conditions ?? [], podConditions(pod, facts, phase), now)
  const init = initContainersOf(pod).map((c) => containerStatus(c, records))
  return {
    ...(old.qosClass && { qosClass: old.qosClass }),
    phase,
    ...(failure && { reason: failure.reason, message: failure.message }),
    conditions,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp && { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime: isoSeconds(startedAt),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: containersOf(pod).map((c) => containerStatus(c, records)),
  }
}

/** A pod that is deleted has come to its end, whatever its restart policy. */
function endPhase(records: Records): Phase {
  const failed = [...records.values()].some(
    ({ state }) => state.kind !== 'terminated' || state.exitCode !== 0,
  )
  return failed ? 'Failed' : 'Succeeded'
}

function podConditions(
  pod: KubernetesObject,
  { records, volumesReady, isolationNote }: StatusFacts,
  phase: Phase,
): Condition[] {
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const missing = uninitialized(pod, records)
  const unready = containersOf(pod)
    .map((c) => c.name)
    .filter((name) => !records.get(name)?.ready)
  const completed = { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' }
  const ready = (type: string): Condition => {
    if (isOver) return { type, status: 'False', ...completed }
    if (unready.length === 0) return { type, status: 'True' }
    const message = `containers with unready status: [${unready.join(' ')}]`
    return { type, status: 'False', reason: 'ContainersNotReady', message }
  }
  const initialized: Condition =
    missing.length === 0
      ? { type: 'Initialized', status: 'True', ...(phase === 'Succeeded' && completed) }
      : {
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${missing.join(' ')}]`,
        }
  return [
    { type: 'PodReadyToStartContainers', status: volumesReady && !isOver ? 'True' : 'False' },
    initialized,
    ready('Ready'),
    ready('ContainersReady'),
    { type: 'PodScheduled', status: 'True' },
    ...(isolationNote
      ? [
          {
            type: 'podpass.dev/Isolated',
            status: 'False' as const,
            reason: 'NoNamespaces',
            message: isolationNote,
          },
        ]
      : []),
  ]
}

// biome-ignore lint/suspicious/noExplicitAny: conditions of others, with fields that are not ours to close
function mergeConditions(old: any[], own: readonly Condition[], now: number): unknown[] {
  const mine = new Set(own.map((c) => c.type))
  const others = old.filter((c) => !mine.has(c.type))
  const merged = own.map((condition) => {
    const before = old.find((c) => c.type === condition.type)
    const lastTransitionTime =
      before?.status === condition.status ? before.lastTransitionTime : isoSeconds(now)
    const { type, status, ...rest } = condition
    return { type, status, lastProbeTime: null, lastTransitionTime, ...rest }
  })
  return [...merged, ...others]
}

function containerStatus(container: ContainerFields, records: Records): Record<string, unknown> {
  const { name, image } = container
  const record = records.get(name)
  if (!record) return { name, image, imageID: '', ready: false, restartCount: 0, state: {} }
  const { state, last } = record
  const containerId = state.kind === 'waiting' ? last?.containerId : state.containerId
  return {
    name,
    state: shownState(state),
    lastState: last ? shownState(last) : {},
    ready: record.ready,
    restartCount: record.restartCount,
    image,
    imageID: record.imageId,
    ...(containerId && { containerID: containerId }),
    started: record.started,
  }
}

function shownState(state: ContainerState): Record<string, unknown> {
  switch (state.kind) {
    case 'waiting': {
      const { reason, message } = state
      return { waiting: { reason, ...(message && { message }) } }
    }
    case 'running':
      return { running: { startedAt: isoSeconds(state.startedAt) } }
    case 'terminated': {
      const { exitCode, signal, reason, message, startedAt, finishedAt, containerId } = state
      return {
        terminated: {
          exitCode,
          ...(signal && { signal }),
          reason,
          ...(message && { message }),
          startedAt: isoSeconds(startedAt),
          finishedAt: isoSeconds(finishedAt),
          ...(containerId && { containerID: containerId }),
        },
      }
    }
  }
}

/**
 * What a kubelet that starts anew knows of the pod: containers that were running are gone with the kubelet before,
 * as after a reboot of the node; how they ended nobody saw.
 */
export function restoreRecords(pod: KubernetesObject, now: number): Map<string, ContainerRecord> {
  const records = new Map<string, ContainerRecord>()
  const status = pod['status'] ?? {}
  const isInitializing = initContainersOf(pod).length > 0
  const first = isInitializing ? 'PodInitializing' : 'ContainerCreating'
  for (const { name } of [...initContainersOf(pod), ...containersOf(pod)]) {
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
    const known = all.find((s) => s.name === name)
    const last = readTerminated(known?.lastState?.terminated)
    records.set(name, {
      name,
      restartCount: known?.restartCount ?? 0,
      state: readState(known?.state, first, now),
      ...(last && { last }),
      ready: false,
      started: false,
      imageId: known?.imageID ?? '',
    })
  }
  return records
}

// biome-ignore lint/suspicious/noExplicitAny: part of the API's own JSON
function readState(state: any, reason: string, now: number): ContainerState {
  if (state?.terminated) return readTerminated(state.terminated) as Terminated
  if (!state?.running) return { kind: 'waiting', reason }
  return {
    kind: 'terminated',
    exitCode: 255,
    reason: 'Unknown',
    startedAt: parseTimestamp(state.running.startedAt),
    finishedAt: now,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: part of the API's own JSON
function readTerminated(state: any): Terminated | undefined {
  if (!state) return undefined
  const { exitCode, signal, reason, message, containerID } = state
  return {
    kind: 'terminated',
    exitCode,
    ...(signal && { signal }),
    reason: reason ?? 'Error',
    ...(message && { message }),
    startedAt: parseTimestamp(state.startedAt),
    finishedAt: parseTimestamp(state.finishedAt),
    ...(containerID && { containerId: containerID }),
  }
}
