/** Which container of a pod a request for its log, or for a command in it, means. */
import type { KubernetesObject } from '../../object.ts'
import { badRequest } from '../status.ts'

/** The container that was asked for; where none was, the only one. Refuses other names, and none where there are several. */
export function containerOf(pod: KubernetesObject, asked: string): string {
  const spec = pod['spec']
  const names = (list: { name: string }[] | undefined) => (list ?? []).map((c) => c.name)
  const mains = names(spec.containers)
  const inits = names(spec.initContainers)
  const { name } = pod.metadata
  if (asked) {
    const all = [...mains, ...inits, ...names(spec.ephemeralContainers)]
    if (all.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  if (mains.length === 1) return mains[0] ?? ''
  const or = inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : ''
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${mains.join(' ')}]${or}`,
  )
}
