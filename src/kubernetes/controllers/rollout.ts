/** How a Deployment moves from its old ReplicaSets to the new one: pure. */
import type { KubernetesObject } from '../object.ts'

export interface Scaling {
  readonly set: KubernetesObject
  readonly replicas: number
}

const wantedOf = (set: KubernetesObject): number => set['spec'].replicas ?? 0
const sum = (sets: readonly KubernetesObject[], of: (set: KubernetesObject) => number) =>
  sets.reduce((total, set) => total + of(set), 0)
const availableOf = (set: KubernetesObject): number => set['status']?.availableReplicas ?? 0

/** A number of pods, given as such or as a share of the replicas. */
export function share(
  value: number | string,
  replicas: number,
  round: (n: number) => number,
): number {
  if (typeof value === 'number') return value
  return round((Number(value.replace('%', '')) * replicas) / 100)
}

/** How many pods there may be in excess, and how many may be missing. */
export function limits(deployment: KubernetesObject): { surge: number; unavailable: number } {
  const { replicas = 1, strategy = {} } = deployment['spec']
  if (strategy.type === 'Recreate') return { surge: 0, unavailable: replicas }
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {}
  const surge = share(maxSurge, replicas, Math.ceil)
  const unavailable = Math.min(share(maxUnavailable, replicas, Math.floor), replicas)
  // Both zero would never move; the API refuses it in numbers, shares can still round to it.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

/**
 * The next step: the sets whose size changes now. `old` are the Deployment's other sets, oldest first. Called again
 * whenever the sets' status has changed, it ends with all pods in `fresh`.
 */
export function nextScaling(
  deployment: KubernetesObject,
  fresh: KubernetesObject,
  old: readonly KubernetesObject[],
): Scaling[] {
  const { replicas = 1, strategy = {} } = deployment['spec']
  if (strategy.type === 'Recreate') return recreate(replicas, fresh, old)
  const steps: Scaling[] = []
  const { surge, unavailable } = limits(deployment)
  const all = [...old, fresh]
  const total = sum(all, wantedOf)
  let freshWanted = wantedOf(fresh)
  if (freshWanted > replicas) freshWanted = replicas
  else freshWanted += Math.min(Math.max(replicas + surge - total, 0), replicas - freshWanted)
  if (freshWanted !== wantedOf(fresh)) steps.push({ set: fresh, replicas: freshWanted })
  // What the new set lacks in available pods is not to be taken from the old ones too.
  const freshUnavailable = wantedOf(fresh) - availableOf(fresh)
  let removable = total - (replicas - unavailable) - freshUnavailable
  const sizes = new Map(old.map((set) => [set, wantedOf(set)]))
  const remove = (set: KubernetesObject, most: number) => {
    const count = Math.max(0, Math.min(most, removable, sizes.get(set) ?? 0))
    sizes.set(set, (sizes.get(set) ?? 0) - count)
    removable -= count
    return count
  }
  // First pods that do not work anyway, then such as are more than must be available.
  for (const set of old) remove(set, wantedOf(set) - availableOf(set))
  let spare = sum(all, availableOf) - (replicas - unavailable)
  for (const set of old) spare -= remove(set, Math.max(0, spare))
  for (const [set, size] of sizes) if (size !== wantedOf(set)) steps.push({ set, replicas: size })
  return steps
}

function recreate(
  replicas: number,
  fresh: KubernetesObject,
  old: readonly KubernetesObject[],
): Scaling[] {
  const running = old.filter((set) => wantedOf(set) > 0)
  if (running.length > 0) return running.map((set) => ({ set, replicas: 0 }))
  // The old pods must be gone before the first new one starts.
  if (sum(old, (set) => set['status']?.replicas ?? 0) > 0) return []
  return wantedOf(fresh) === replicas ? [] : [{ set: fresh, replicas }]
}
