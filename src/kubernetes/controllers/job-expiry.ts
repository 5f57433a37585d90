/** Deletes finished Jobs, and their pods, once their `ttlSecondsAfterFinished` is over. */
import { finishedAs } from '../api/resources/jobs.ts'
import { jobs, objectKey } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import { type Controller, conditionOf, running, splitKey, unless } from './controller.ts'
import { WorkQueue } from './work-queue.ts'

export const jobExpiry: Controller = ({ client, clock, log }) => {
  const queue = new WorkQueue({
    name: 'finished jobs',
    clock,
    log,
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const job = client.get(jobs, namespace, name)
      const seconds: number | undefined = job?.['spec'].ttlSecondsAfterFinished
      const finished = job && finishedAs(job)
      if (!job || !finished || seconds === undefined || job.metadata.deletionTimestamp) return
      const endedAt = parseTimestamp(conditionOf(job, finished)?.lastTransitionTime)
      if (Number.isNaN(endedAt)) return
      const expiresAt = endedAt + seconds * 1000
      if (expiresAt > clock.now()) return queue.addAt(key, expiresAt)
      const options = { propagationPolicy: 'Foreground', uid: job.metadata.uid } as const
      await unless(['NotFound', 'Conflict'], () => client.delete(jobs, namespace, name, options))
    },
  })
  return running([client.watch(jobs, {}, ({ object }) => queue.add(objectKey(object)))], queue)
}
