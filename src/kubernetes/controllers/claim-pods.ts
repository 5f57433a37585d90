/** Which pods are an owner's: it adopts those that fit and have no controller, and lets go those that no longer fit. */
import { matchesSelector } from '../api/selectors/label-selector.ts'
import type { KubernetesObject, ObjectMeta } from '../object.ts'
import { pods } from '../resources.ts'
import { type ControllerContext, controllerOf, controllerReference } from './controller.ts'

/** Whether the owner's `spec.selector` selects the pod. */
export function selects(owner: KubernetesObject, pod: KubernetesObject): boolean {
  return matchesSelector(owner['spec'].selector ?? {}, pod.metadata.labels ?? {})
}

/** The pods that `owner` controls, after adopting and letting go. A pod is claimed with `finalizer` and let go without. */
export async function claimPods(
  owner: KubernetesObject,
  { client }: ControllerContext,
  { mayAdopt, finalizer }: { mayAdopt(pod: KubernetesObject): boolean; finalizer?: string },
): Promise<KubernetesObject[]> {
  const { namespace, uid } = owner.metadata
  const claimed: KubernetesObject[] = []
  const change = (pod: KubernetesObject, to: (metadata: ObjectMeta) => Partial<ObjectMeta>) =>
    client.modify(pods, namespace, pod.metadata.name, (current) => ({
      ...current,
      metadata: { ...current.metadata, ...to(current.metadata) },
    }))
  for (const pod of client.list(pods, namespace === undefined ? {} : { namespace }).items) {
    const controller = controllerOf(pod)
    if (controller?.uid === uid) {
      if (selects(owner, pod)) claimed.push(pod)
      else {
        await change(pod, ({ ownerReferences = [], finalizers = [] }) => ({
          ownerReferences: ownerReferences.filter((o) => o.uid !== uid),
          ...(finalizer && { finalizers: finalizers.filter((f) => f !== finalizer) }),
        }))
      }
    } else if (!controller && selects(owner, pod) && mayAdopt(pod)) {
      if (owner.metadata.deletionTimestamp) continue
      const adopted = await change(pod, ({ ownerReferences = [], finalizers = [] }) => ({
        ownerReferences: [...ownerReferences, controllerReference(owner)],
        ...(finalizer && { finalizers: [...new Set([...finalizers, finalizer])] }),
      }))
      if (adopted) claimed.push(adopted)
    }
  }
  return claimed
}
