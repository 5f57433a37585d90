/** Deletes finished Jobs, and their pods, once their `ttlSecondsAfterFinished` is over. */
import { finishedAs } from '../api/resources/jobs.ts'
import { jobs, objectKey } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import { type Controller, conditionOf, running, unless } from './controller.ts'
import { objectQueue } from './object-queue.ts'

export const jobExpiry: Controller = (context) => {
  const { client, clock } = context
  const queue = objectQueue('finished jobs', jobs, context, async (job) => {
    const { namespace = '', name, uid, deletionTimestamp } = job.metadata
    const seconds: number | undefined = job['spec'].ttlSecondsAfterFinished
    const finished = finishedAs(job)
    if (!finished || seconds === undefined || deletionTimestamp) return undefined
    const endedAt = parseTimestamp(conditionOf(job, finished)?.lastTransitionTime)
    if (Number.isNaN(endedAt)) return undefined
    const expiresAt = endedAt + seconds * 1000
    if (expiresAt > clock.now()) return expiresAt
    const options = { propagationPolicy: 'Foreground', uid } as const
    await unless(['NotFound', 'Conflict'], () => client.delete(jobs, namespace, name, options))
    return undefined
  })
  return running([client.watch(jobs, {}, ({ object }) => queue.add(objectKey(object)))], queue)
}
