/** How `kubectl get pods` sees a pod. */

import type { KubernetesObject } from '../../object.ts'
import { ageOf } from '../human-duration.ts'
import type { Column } from '../kind.ts'
import { ageColumn, nameColumn, text } from './columns.ts'

interface Terminated {
  exitCode: number
  signal?: number
  reason?: string
  finishedAt?: string
}
interface State {
  waiting?: { reason?: string }
  running?: object
  terminated?: Terminated
}
interface ContainerStatus {
  name: string
  ready: boolean
  started?: boolean
  restartCount: number
  state?: State
  lastState?: State
}

export const podColumns: readonly Column[] = [
  nameColumn,
  text('Ready', (pod) => summary(pod).ready),
  text('Status', (pod) => summary(pod).status),
  text('Restarts', (pod, now) => {
    const { restarts, lastRestart } = summary(pod)
    return restarts > 0 && lastRestart
      ? `${restarts} (${ageOf(lastRestart, now)} ago)`
      : String(restarts)
  }),
  ageColumn,
  text('IP', (pod) => pod['status']?.podIPs?.[0]?.ip ?? pod['status']?.podIP ?? '<none>', true),
  text('Node', (pod) => pod['spec']?.nodeName || '<none>', true),
  text('Nominated Node', (pod) => pod['status']?.nominatedNodeName || '<none>', true),
  text('Readiness Gates', readinessGates, true),
]

interface Summary {
  ready: string
  status: string
  restarts: number
  lastRestart: string | undefined
}

function summary(pod: KubernetesObject): Summary {
  const status = pod['status'] ?? {}
  const inits: ContainerStatus[] = status.initContainerStatuses ?? []
  const mains: ContainerStatus[] = status.containerStatuses ?? []
  const sidecars = sidecarNames(pod)
  let ready = 0
  let reason: string = status.reason || status.phase || 'Unknown'
  const initializing = initText(inits, sidecars, pod['spec']?.initContainers?.length ?? 0)
  for (const s of inits) if (sidecars.has(s.name) && s.started && s.ready) ready++
  let counted = inits
  if (initializing !== undefined && !hasCondition(status, 'Initialized')) reason = initializing
  else {
    counted = [...inits.filter((s) => sidecars.has(s.name)), ...mains]
    let isRunning = false
    for (const s of [...mains].reverse()) {
      const said = stateText(s.state)
      if (said) reason = said
      else if (s.ready && s.state?.running) {
        isRunning = true
        ready++
      }
    }
    if (reason === 'Completed' && isRunning) {
      reason = hasCondition(status, 'Ready') ? 'Running' : 'NotReady'
    }
  }
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (!['Succeeded', 'Failed'].includes(status.phase)) reason = 'Terminating'
  }
  const total = (pod['spec']?.containers?.length ?? 0) + sidecars.size
  return { ready: `${ready}/${total}`, status: reason, ...restartsOf(counted) }
}

function restartsOf(statuses: readonly ContainerStatus[]) {
  const ends = statuses.flatMap((s) => s.lastState?.terminated?.finishedAt ?? [])
  return {
    restarts: statuses.reduce((sum, s) => sum + (s.restartCount ?? 0), 0),
    lastRestart: ends.sort().at(-1),
  }
}

/** `Init:0/1`, `Init:Error`, …; undefined when all init containers are done. */
function initText(statuses: readonly ContainerStatus[], sidecars: Set<string>, total: number) {
  for (const [i, s] of statuses.entries()) {
    const { terminated, waiting } = s.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (sidecars.has(s.name) && s.started) continue
    if (terminated) return `Init:${terminatedText(terminated)}`
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
    return `Init:${i}/${total}`
  }
  return undefined
}

function stateText(state: State | undefined): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason
  return state?.terminated ? terminatedText(state.terminated) : undefined
}

function terminatedText(state: Terminated): string {
  if (state.reason) return state.reason
  return state.signal ? `Signal:${state.signal}` : `ExitCode:${state.exitCode}`
}

function sidecarNames(pod: KubernetesObject): Set<string> {
  const inits: { name: string; restartPolicy?: string }[] = pod['spec']?.initContainers ?? []
  return new Set(inits.filter((c) => c.restartPolicy === 'Always').map((c) => c.name))
}

function hasCondition(
  status: { conditions?: { type: string; status: string }[] },
  type: string,
): boolean {
  return (status.conditions ?? []).some((c) => c.type === type && c.status === 'True')
}

function readinessGates(pod: KubernetesObject): string {
  const gates: { conditionType: string }[] = pod['spec']?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter((g) => hasCondition(pod['status'] ?? {}, g.conditionType))
  return `${met.length}/${gates.length}`
}
