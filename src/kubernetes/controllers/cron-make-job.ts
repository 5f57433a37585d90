/** Makes the Job of one moment of a CronJob. */
import { zonedTime } from '../api/resources/cron-schedule.ts'
import type { EventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { jobs } from '../resources.ts'
import { type ControllerContext, controllerOf, controllerReference, unless } from './controller.ts'

const minuteMs = 60_000

/**
 * The Job of the moment `due` (ms): named by it, so that it is made once only. Undefined where another object has the
 * name.
 */
export async function makeCronJobsJob(
  cronJob: KubernetesObject,
  due: number,
  { client }: ControllerContext,
  events: EventRecorder,
): Promise<KubernetesObject | undefined> {
  const { timeZone, jobTemplate } = cronJob['spec']
  const { namespace } = cronJob.metadata
  const { labels, annotations } = jobTemplate.metadata ?? {}
  const name = `${cronJob.metadata.name}-${Math.floor(due / minuteMs)}`
  const timestamp = zonedTime(due, timeZone)
  const draft = {
    metadata: {
      name,
      labels: { ...labels },
      annotations: {
        ...annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp,
      },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: jobTemplate.spec,
  }
  try {
    const job = await unless(['AlreadyExists'], () => client.create(jobs, namespace, draft))
    if (job) {
      events.record(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`)
      return job
    }
  } catch (error) {
    const why = `Error creating job: ${(error as Error).message}`
    events.record(cronJob, 'Warning', 'FailedCreate', why)
    throw error
  }
  // Made before, and this process did not come to say so; or another's, which is left alone.
  const there = client.get(jobs, namespace, name)
  return there && controllerOf(there)?.uid === cronJob.metadata.uid ? there : undefined
}
