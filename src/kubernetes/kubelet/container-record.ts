/** What the kubelet knows of one container of a pod, and how a pod's fate follows from it: pure. */
import type { KubernetesObject } from '../object.ts'
import type { ContainerFields } from './environment.ts'

export interface Terminated {
  readonly kind: 'terminated'
  readonly exitCode: number
  readonly signal?: number
  readonly reason: string
  readonly message?: string
  readonly startedAt: number
  readonly finishedAt: number
  readonly containerId?: string
}

export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: number; readonly containerId: string }
  | Terminated

export interface ContainerRecord {
  readonly name: string
  readonly restartCount: number
  readonly state: ContainerState
  /** How the run before ended. */
  readonly last?: Terminated
  /** Passed its readiness probe, or has none and runs. */
  readonly ready: boolean
  /** Passed its startup probe, or has none and runs. */
  readonly started: boolean
  readonly imageId: string
  /** Not to be started before this moment. */
  readonly retryAt?: number
  /** The wait before the next restart but one. */
  readonly backOff?: { readonly delayMs: number; readonly at: number }
}

export type Records = ReadonlyMap<string, ContainerRecord>
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export const backOffFirstMs = 10_000
export const backOffMaxMs = 300_000

/** The wait before a restart: none at first, then 10 s doubling to 300 s; anew after twice the greatest of quiet. */
export function nextBackOff(record: ContainerRecord, now: number): ContainerRecord {
  const before = record.backOff
  const isQuiet = before !== undefined && now - before.at > 2 * backOffMaxMs
  if (!before || isQuiet)
    return { ...record, backOff: { delayMs: backOffFirstMs, at: now }, retryAt: now }
  const delayMs = Math.min(before.delayMs * 2, backOffMaxMs)
  return { ...record, backOff: { delayMs, at: now }, retryAt: now + before.delayMs }
}

/** `10s`, `2m40s`, `5m0s`, as Go prints durations. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

export const initContainersOf = (pod: KubernetesObject): ContainerFields[] =>
  pod['spec'].initContainers ?? []
export const containersOf = (pod: KubernetesObject): ContainerFields[] =>
  pod['spec'].containers ?? []
export const isSidecar = (container: ContainerFields): boolean =>
  container['restartPolicy'] === 'Always'

/** Whether a container that ended so is to run again. */
export function isRestarted(pod: KubernetesObject, name: string, exitCode: number): boolean {
  const init = initContainersOf(pod).find((c) => c.name === name)
  if (init && isSidecar(init)) return true
  const policy: RestartPolicy = pod['spec'].restartPolicy ?? 'Always'
  if (init) return exitCode !== 0 && policy !== 'Never'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** How the last run of a container ended, whether it waits for the next or not. */
const lastEnd = (record: ContainerRecord | undefined): Terminated | undefined =>
  record?.state.kind === 'terminated' ? record.state : record?.last

export interface Plan {
  /** Names of the containers to start now. */
  readonly start: readonly string[]
  /** Sidecars whose work is done. */
  readonly stop: readonly string[]
  /** When to look again, if nothing happens before. */
  readonly wakeAt?: number
}

/** What is to be done for the pod now. */
export function planPod(pod: KubernetesObject, records: Records, now: number): Plan {
  const start: string[] = []
  const times: number[] = []
  const want = (name: string) => {
    const record = records.get(name)
    if (!record || record.state.kind === 'running') return
    if (record.retryAt !== undefined && record.retryAt > now) times.push(record.retryAt)
    else start.push(name)
  }
  const result = (stop: readonly string[] = []) => ({
    start,
    stop,
    ...(times.length > 0 && { wakeAt: Math.min(...times) }),
  })
  if (isDone(pod, records)) {
    const sidecars = initContainersOf(pod).filter(isSidecar)
    return {
      start: [],
      stop: sidecars.map((c) => c.name).filter((n) => records.get(n)?.state.kind === 'running'),
    }
  }
  for (const container of initContainersOf(pod)) {
    const record = records.get(container.name)
    if (!record) return result()
    if (isSidecar(container)) {
      want(container.name)
      if (!record.started) return result()
    } else {
      if (record.state.kind === 'terminated' && record.state.exitCode === 0) continue
      want(container.name)
      return result()
    }
  }
  for (const { name } of containersOf(pod)) {
    const state = records.get(name)?.state
    if (state?.kind === 'terminated' && !isRestarted(pod, name, state.exitCode)) continue
    want(name)
  }
  return result()
}

/** True when no container of the pod will run again, sidecars apart. */
export function isDone(pod: KubernetesObject, records: Records): boolean {
  if (initFailure(pod, records)) return true
  const all = containersOf(pod)
  return (
    all.length > 0 &&
    all.every(({ name }) => {
      const state = records.get(name)?.state
      return state?.kind === 'terminated' && !isRestarted(pod, name, state.exitCode)
    })
  )
}

function initFailure(pod: KubernetesObject, records: Records): boolean {
  return initContainersOf(pod).some((container) => {
    const state = records.get(container.name)?.state
    return (
      !isSidecar(container) &&
      state?.kind === 'terminated' &&
      state.exitCode !== 0 &&
      !isRestarted(pod, container.name, state.exitCode)
    )
  })
}

/** Names of the init containers that the pod still waits for. */
export function uninitialized(pod: KubernetesObject, records: Records): string[] {
  return initContainersOf(pod)
    .filter((container) => {
      const record = records.get(container.name)
      if (isSidecar(container)) return !record?.started
      return !(record?.state.kind === 'terminated' && record.state.exitCode === 0)
    })
    .map((c) => c.name)
}

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** The phase as the kubelet derives it. */
export function phaseOf(pod: KubernetesObject, records: Records): Phase {
  if (initFailure(pod, records)) return 'Failed'
  const sidecarsRun = initContainersOf(pod).some(
    (c) => isSidecar(c) && records.get(c.name)?.state.kind === 'running',
  )
  const all = containersOf(pod).map(({ name }) => records.get(name))
  const hasBegun = all.some((r) => r?.state.kind === 'running' || lastEnd(r))
  if (!hasBegun && uninitialized(pod, records).length > 0) return 'Pending'
  if (all.some((r) => !r || (r.state.kind === 'waiting' && !r.last))) return 'Pending'
  if (!isDone(pod, records) || sidecarsRun) return 'Running'
  return all.every((r) => lastEnd(r)?.exitCode === 0) ? 'Succeeded' : 'Failed'
}
