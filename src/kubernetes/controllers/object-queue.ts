/** A controller's queue of objects: those of one resource, by their keys. */
import type { KubernetesObject, ResourceRef } from '../object.ts'
import { type ControllerContext, controllerOf } from './controller.ts'
import { WorkQueue } from './work-queue.ts'

/** Reconciles one object; answers when (ms) it wants another look, where time alone brings one about. */
type Reconcile = (object: KubernetesObject) => Promise<number | undefined>

/** Runs `reconcile` on the object of each key that is added, as it stands by then; one that is gone wants nothing. */
export function objectQueue(
  name: string,
  resource: ResourceRef,
  { client, clock, log }: ControllerContext,
  reconcile: Reconcile,
): WorkQueue {
  const queue = new WorkQueue({
    name,
    clock,
    log,
    async reconcile(key) {
      const slash = key.indexOf('/')
      const object = client.get(resource, key.slice(0, slash), key.slice(slash + 1))
      if (!object) return
      const nextAt = await reconcile(object)
      if (nextAt !== undefined) queue.addAt(key, nextAt)
    },
  })
  return queue
}

/** Adds the object of `kind` that controls `object`, where one does. */
export function addController(queue: WorkQueue, kind: string, object: KubernetesObject): void {
  const owner = controllerOf(object)
  if (owner?.kind === kind) queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`)
}
