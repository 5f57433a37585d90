/** Removes pods whose node is gone: nobody is left there to end them. */
import { nodes, objectKey, pods } from '../resources.ts'
import { type Controller, running, unless } from './controller.ts'
import { objectQueue } from './object-queue.ts'

/** A node that a pod names may only just be registering. */
const quarantineMs = 40_000

export const podCollector: Controller = (context) => {
  const { client, clock, log } = context
  const queue = objectQueue('pod collector', pods, context, async (pod) => {
    const { namespace = '', name, uid } = pod.metadata
    const node: string | undefined = pod['spec'].nodeName
    if (!node || client.get(nodes, undefined, node)) return
    log.info({ namespace, name, node }, 'pod removed with its node')
    await unless(['NotFound', 'Conflict'], () =>
      client.delete(pods, namespace, name, { gracePeriodSeconds: 0, uid }),
    )
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
