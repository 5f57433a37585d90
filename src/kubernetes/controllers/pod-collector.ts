/** Removes pods whose node is gone: nobody is left there to end them. */
import { nodes, objectKey, pods } from '../resources.ts'
import { type Controller, running, splitKey, unless } from './controller.ts'
import { WorkQueue } from './work-queue.ts'

/** A node that a pod names may only just be registering. */
const quarantineMs = 40_000

export const podCollector: Controller = ({ client, clock, log }) => {
  const queue = new WorkQueue({
    name: 'pod collector',
    clock,
    log,
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const pod = client.get(pods, namespace, name)
      const node: string | undefined = pod?.['spec'].nodeName
      if (!pod || !node || client.get(nodes, undefined, node)) return
      const { uid } = pod.metadata
      log.info({ namespace, name, node }, 'pod removed with its node')
      await unless(['NotFound', 'Conflict'], () =>
        client.delete(pods, namespace, name, { gracePeriodSeconds: 0, uid }),
      )
    },
  })
  return running(
    [
      client.watch(pods, {}, ({ type, object }) => {
        const node: string | undefined = object['spec'].nodeName
        if (type === 'DELETED' || !node || client.get(nodes, undefined, node)) return
        queue.addAt(objectKey(object), clock.now() + quarantineMs)
      }),
      client.watch(nodes, {}, ({ type, object }) => {
        if (type !== 'DELETED') return
        const fieldSelector = `spec.nodeName=${object.metadata.name}`
        for (const pod of client.list(pods, { fieldSelector }).items) queue.add(objectKey(pod))
      }),
    ],
    queue,
  )
}
