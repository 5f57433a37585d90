/** A Deployment's status from its ReplicaSets, as `kubectl rollout status` reads it: pure. */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { KubernetesObject } from '../object.ts'
import { parseTimestamp } from '../timestamp.ts'
import { type Condition, conditionOf } from './controller.ts'
import { limits } from './rollout.ts'

export interface StatusInput {
  readonly deployment: KubernetesObject
  readonly fresh: KubernetesObject | undefined
  readonly all: readonly KubernetesObject[]
  /** The new set was made just now. */
  readonly isCreated: boolean
  readonly collisions: number
  readonly now: number
}

/** The status, and when the progress deadline will strike if nothing happens before. */
export function deploymentStatus(input: StatusInput): {
  status: Record<string, unknown>
  deadlineAt?: number
} {
  const { deployment, fresh, all, collisions } = input
  const wanted: number = deployment['spec'].replicas ?? 1
  const sum = (sets: readonly KubernetesObject[], field: string) =>
    sets.reduce((total, set) => total + (set['status']?.[field] ?? 0), 0)
  const counts = {
    replicas: sum(all, 'replicas'),
    updatedReplicas: fresh ? sum([fresh], 'replicas') : 0,
    readyReplicas: sum(all, 'readyReplicas'),
    availableReplicas: sum(all, 'availableReplicas'),
  }
  const total = all.reduce((n, set) => n + (set['spec'].replicas ?? 0), 0)
  const unavailable = Math.max(0, total - counts.availableReplicas)
  const progressing = progressingCondition(input, counts)
  const conditions = [
    availableCondition(input, counts.availableReplicas >= wanted - limits(deployment).unavailable),
    ...(progressing ? [progressing.condition] : []),
    ...failureCondition(all),
  ]
  const positive = Object.entries({ ...counts, unavailableReplicas: unavailable }).filter(
    ([, count]) => count > 0,
  )
  return {
    status: {
      observedGeneration: deployment.metadata.generation ?? 1,
      ...Object.fromEntries(positive),
      conditions,
      ...(collisions > 0 && { collisionCount: collisions }),
    },
    ...(progressing?.deadlineAt !== undefined && { deadlineAt: progressing.deadlineAt }),
  }
}

function availableCondition({ deployment, now }: StatusInput, isAvailable: boolean): Condition {
  return dated(deployment, now, {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: isAvailable
      ? 'Deployment has minimum availability.'
      : 'Deployment does not have minimum availability.',
  })
}

interface Counts {
  readonly replicas: number
  readonly updatedReplicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
}

function progressingCondition(
  { deployment, fresh, isCreated, now }: StatusInput,
  counts: Counts,
): { condition: Condition; deadlineAt?: number } | undefined {
  const { replicas = 1, paused, progressDeadlineSeconds = 600 } = deployment['spec']
  const type = 'Progressing'
  const old = conditionOf(deployment, type)
  const make = (status: Condition['status'], reason: string, message: string) =>
    dated(deployment, now, { type, status, reason, message })
  if (paused) {
    return { condition: make('Unknown', 'DeploymentPaused', 'Deployment is paused') }
  }
  if (!fresh) return old ? { condition: old } : undefined
  const name = `ReplicaSet "${fresh.metadata.name}"`
  const { updatedReplicas, availableReplicas } = counts
  const isComplete =
    updatedReplicas === replicas && counts.replicas === replicas && availableReplicas >= replicas
  if (isComplete) {
    const text = `${name} has successfully progressed.`
    return { condition: make('True', 'NewReplicaSetAvailable', text) }
  }
  if (isCreated) {
    const text = `Created new replica set "${fresh.metadata.name}"`
    const condition = {
      ...make('True', 'NewReplicaSetCreated', text),
      lastUpdateTime: isoSeconds(now),
    }
    return { condition, deadlineAt: now + progressDeadlineSeconds * 1000 }
  }
  const before = deployment['status'] ?? {}
  const hasMoved =
    updatedReplicas > (before.updatedReplicas ?? 0) ||
    counts.readyReplicas > (before.readyReplicas ?? 0) ||
    availableReplicas > (before.availableReplicas ?? 0) ||
    counts.replicas - updatedReplicas < (before.replicas ?? 0) - (before.updatedReplicas ?? 0)
  const isNew = !old || old.reason === 'NewReplicaSetAvailable' || old.reason === 'DeploymentPaused'
  if (isNew || hasMoved) {
    const condition = make('True', 'ReplicaSetUpdated', `${name} is progressing.`)
    return {
      condition: { ...condition, lastUpdateTime: isoSeconds(now) },
      deadlineAt: now + progressDeadlineSeconds * 1000,
    }
  }
  const deadlineAt = parseTimestamp(old.lastUpdateTime) + progressDeadlineSeconds * 1000
  if (now < deadlineAt) return { condition: old, deadlineAt }
  const text = `${name} has timed out progressing.`
  return { condition: make('False', 'ProgressDeadlineExceeded', text) }
}

function failureCondition(all: readonly KubernetesObject[]): Condition[] {
  return all
    .map((set) => conditionOf(set, 'ReplicaFailure'))
    .filter((c) => c !== undefined)
    .slice(0, 1)
}

/** Times of the condition before are kept where nothing changed. */
function dated(deployment: KubernetesObject, now: number, condition: Condition): Condition {
  const old = conditionOf(deployment, condition.type)
  const isSame = old?.status === condition.status && old.reason === condition.reason
  const at = isoSeconds(now)
  const { type, status, reason, message } = condition
  return {
    type,
    status,
    lastUpdateTime: isSame && old.message === message ? (old.lastUpdateTime ?? at) : at,
    lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? at) : at,
    reason,
    message,
  }
}
