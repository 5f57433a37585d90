/** DefaultTolerationSeconds: a pod bears a node that is not ready or unreachable for five minutes. */
import { pods } from '../resources/pods.ts'
import type { AdmissionPlugin } from './admission.ts'

interface Toleration {
  key?: string
  operator?: string
  effect?: string
  tolerationSeconds?: number
}

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit({ operation, kind, subresource, object: pod }) {
    if (kind.resource !== pods.resource || subresource || operation !== 'CREATE' || !pod) return
    const tolerations: Toleration[] = pod['spec'].tolerations ?? []
    const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
      (key) => !tolerations.some((t) => bears(t, key)),
    )
    if (missing.length === 0) return
    const added = missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }))
    pod['spec'].tolerations = [...tolerations, ...added]
  },
}

function bears(toleration: Toleration, key: string): boolean {
  const fits = toleration.key === key || !toleration.key
  return fits && (toleration.effect === 'NoExecute' || !toleration.effect)
}
