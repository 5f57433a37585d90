/** Which pods run on Fargate: decided once, when a pod is made, as EKS's own webhook decides it. */
import type { AdmissionPlugin } from '../api/admission/admission.ts'
import type { KubernetesObject } from '../object.ts'

/** A profile as far as it decides. */
export interface FargateProfile {
  readonly name: string
  /** Any of them is enough. */
  readonly selectors: readonly {
    /** May hold `*` and `?`. */
    readonly namespace: string
    /** All must be there; keys and values may hold `*` and `?`. */
    readonly labels: Readonly<Record<string, string>>
  }[]
}

export const fargateSchedulerName = 'fargate-scheduler'
/** Names the profile that a pod runs by. */
export const profileLabel = 'eks.amazonaws.com/fargate-profile'
const computeType = 'eks.amazonaws.com/compute-type'

/** The profile for a pod: the one it names, else the first by name that fits; undefined: it runs on nodes. Pure. */
export function profileFor(
  pod: KubernetesObject,
  profiles: readonly FargateProfile[],
): FargateProfile | undefined {
  const { labels = {}, namespace = 'default' } = pod.metadata
  if (labels[computeType] === 'ec2') return undefined
  const fitting = profiles
    .filter(({ selectors }) =>
      selectors.some(
        (selector) =>
          fits(selector.namespace, namespace) &&
          Object.entries(selector.labels).every(([key, value]) =>
            Object.entries(labels).some(([k, v]) => fits(key, k) && fits(value, v)),
          ),
      ),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return fitting.find(({ name }) => name === labels[profileLabel]) ?? fitting[0]
}

/** Sends pods that a profile fits to Fargate's scheduler. `profiles` are those of the moment. */
export function fargateAdmission(profiles: () => readonly FargateProfile[]): AdmissionPlugin {
  return {
    name: 'FargateMutation',
    admit({ operation, kind, subresource, object, namespace }) {
      if (operation !== 'CREATE' || kind.resource !== 'pods' || subresource || !object) return
      const { spec } = object as { spec?: Record<string, unknown> }
      if (!spec || spec['nodeName']) return
      const owners = object.metadata.ownerReferences ?? []
      if (owners.some((owner) => owner.kind === 'DaemonSet')) return
      const metadata = { ...object.metadata, namespace: namespace ?? 'default' }
      const profile = profileFor({ ...object, metadata }, profiles())
      if (!profile) return
      spec['schedulerName'] = fargateSchedulerName
      object.metadata.labels = { ...object.metadata.labels, [profileLabel]: profile.name }
    },
  }
}

/** `*` stands for any text, `?` for one character. */
function fits(pattern: string, text: string): boolean {
  let [p, t, star, retry] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      retry = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++retry
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
