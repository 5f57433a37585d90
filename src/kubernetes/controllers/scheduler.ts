/** The scheduler: gives each pod a node that is ready, fits and has the fewest pods. */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { KubernetesObject } from '../object.ts'
import { parseQuantity } from '../quantity.ts'
import { nodes, objectKey, pods } from '../resources.ts'
import { type Controller, conditionOf, running, unless } from './controller.ts'
import { type NodeSelectorTerm, nodeMatches } from './node-affinity.ts'
import { objectQueue } from './object-queue.ts'

const ourName = 'default-scheduler'

export const scheduler: Controller = (context) => {
  const { client, clock, recorder } = context
  const events = recorder(ourName)
  const queue = objectQueue('scheduler', pods, context, async (pod) => {
    if (!isOurs(pod)) return
    const { namespace = '', name } = pod.metadata
    const bound = client.list(pods, {}).items.filter((p) => p['spec'].nodeName && !isFinished(p))
    const choice = chooseNode(pod, client.list(nodes).items, bound)
    if ('node' in choice) {
      await unless(['Conflict', 'NotFound'], () => client.bind(namespace, name, choice.node))
      const text = `Successfully assigned ${namespace}/${name} to ${choice.node}`
      events.record(pod, 'Normal', 'Scheduled', text)
      return
    }
    if (conditionOf(pod, 'PodScheduled')?.message === choice.why) return
    events.record(pod, 'Warning', 'FailedScheduling', choice.why)
    const now = isoSeconds(clock.now())
    await client.modify(pods, namespace, name, (p) => unschedulable(p, choice.why, now), 'status')
  })
  const retryAll = () => {
    for (const pod of client.list(pods, { fieldSelector: 'spec.nodeName=' }).items) {
      if (isOurs(pod)) queue.add(objectKey(pod))
    }
  }
  return running(
    [
      client.watch(pods, {}, ({ type, object }) => {
        if (type !== 'DELETED' && isOurs(object)) queue.add(objectKey(object))
        // A pod that leaves a node makes room.
        if (object['spec'].nodeName && (type === 'DELETED' || isFinished(object))) retryAll()
      }),
      client.watch(nodes, {}, retryAll),
    ],
    queue,
  )
}

function isOurs(pod: KubernetesObject): boolean {
  const { nodeName, schedulerName = ourName, schedulingGates = [] } = pod['spec']
  const isWaiting = !nodeName && !pod.metadata.deletionTimestamp && !isFinished(pod)
  return isWaiting && schedulerName === ourName && schedulingGates.length === 0
}

function isFinished(pod: KubernetesObject): boolean {
  return ['Succeeded', 'Failed'].includes(pod['status']?.phase)
}

function unschedulable(
  pod: KubernetesObject,
  message: string,
  now: string,
): KubernetesObject | undefined {
  if (pod['spec'].nodeName) return undefined
  const type = 'PodScheduled'
  const others = (pod['status']?.conditions ?? []).filter((c: { type: string }) => c.type !== type)
  const lastTransitionTime = conditionOf(pod, type)?.lastTransitionTime ?? now
  const rest = { lastProbeTime: null, lastTransitionTime, reason: 'Unschedulable', message }
  const conditions = [...others, { type, status: 'False', ...rest }]
  return { ...pod, status: { ...pod['status'], conditions } }
}

/** The node for the pod, or why none will do, in the scheduler's words. Pure. */
export function chooseNode(
  pod: KubernetesObject,
  all: readonly KubernetesObject[],
  bound: readonly KubernetesObject[],
): { readonly node: string } | { readonly why: string } {
  if (all.length === 0) return { why: 'no nodes available to schedule pods' }
  const reasons = new Map<string, number>()
  const fitting: { name: string; count: number }[] = []
  for (const node of all) {
    const { name } = node.metadata
    const here = bound.filter((p) => p['spec'].nodeName === name)
    const problems = problemsOf(pod, node, here)
    if (problems.length === 0) fitting.push({ name, count: here.length })
    for (const problem of problems) reasons.set(problem, (reasons.get(problem) ?? 0) + 1)
  }
  const best = fitting.sort((a, b) => a.count - b.count || (a.name < b.name ? -1 : 1))[0]
  if (best) return { node: best.name }
  const total = all.length
  const texts = [...reasons].map(([text, count]) => `${count} ${text}`).sort()
  const helpless = `preemption: 0/${total} nodes are available: ${total} Preemption is not helpful for scheduling.`
  return { why: `0/${total} nodes are available: ${texts.join(', ')}. ${helpless}` }
}

/** What speaks against the node; the first kind of reason only, except for resources. */
function problemsOf(
  pod: KubernetesObject,
  node: KubernetesObject,
  here: readonly KubernetesObject[],
): string[] {
  if (node['spec'].unschedulable && !tolerates(pod, unschedulableTaint)) {
    return ['node(s) were unschedulable']
  }
  const taint = [...(node['spec'].taints ?? []), ...readinessTaints(node)].find(
    (t: Taint) => t.effect !== 'PreferNoSchedule' && !tolerates(pod, t),
  )
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`]
  if (!matchesNode(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"]
  const allocatable = node['status']?.allocatable ?? {}
  const problems: string[] = []
  if (here.length + 1 > parseQuantity(allocatable.pods ?? '110')) problems.push('Too many pods')
  for (const resource of ['cpu', 'memory']) {
    const wanted = requestOf(pod, resource)
    if (wanted === 0 || allocatable[resource] === undefined) continue
    const used = here.reduce((sum, p) => sum + requestOf(p, resource), 0)
    if (used + wanted > parseQuantity(allocatable[resource]))
      problems.push(`Insufficient ${resource}`)
  }
  return problems
}

function matchesNode(pod: KubernetesObject, node: KubernetesObject): boolean {
  const labels = node.metadata.labels ?? {}
  const selector: Record<string, string> = pod['spec'].nodeSelector ?? {}
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) return false
  const terms: NodeSelectorTerm[] | undefined =
    pod['spec'].affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms
  return terms === undefined || terms.some((term) => nodeMatches(node, term))
}

function requestOf(pod: KubernetesObject, resource: string): number {
  const of = (c: { resources?: { requests?: Record<string, string> } }) =>
    parseQuantity(c.resources?.requests?.[resource] ?? '0') || 0
  const main = pod['spec'].containers.map(of).reduce((a: number, b: number) => a + b, 0)
  return Math.max(main, ...(pod['spec'].initContainers ?? []).map(of))
}

interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

function readinessTaints(node: KubernetesObject): Taint[] {
  const ready = conditionOf(node, 'Ready')?.status
  if (ready === 'True') return []
  const key = `node.kubernetes.io/${ready === 'False' ? 'not-ready' : 'unreachable'}`
  return [{ key, effect: 'NoSchedule' }]
}

function tolerates(pod: KubernetesObject, taint: Taint): boolean {
  const tolerations: Record<string, string>[] = pod['spec'].tolerations ?? []
  return tolerations.some((t) => {
    if (t['effect'] && t['effect'] !== taint.effect) return false
    if (t['key'] && t['key'] !== taint.key) return false
    return t['operator'] === 'Exists' || (t['value'] ?? '') === (taint.value ?? '')
  })
}
