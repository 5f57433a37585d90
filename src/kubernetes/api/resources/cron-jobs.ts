/** CronJobs: Jobs that are made again and again by a schedule. */
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, invalidValue, notSupported, required } from '../field-errors.ts'
import { ageOf } from '../human-duration.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn, text, workloadColumnsOf } from './columns.ts'
import { isTimeZone, parseSchedule } from './cron-schedule.ts'
import { jobSpecProblems } from './job-validation.ts'
import { podTemplateDefaults } from './pod-defaults.ts'

/** What the controller appends to the name, eleven letters, must fit into a Job's. */
const nameMax = 52

export const cronJobs: Kind = {
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  resource: 'cronjobs',
  singular: 'cronjob',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['cj'],
  categories: ['all'],
  subresources: { status: { verbs: ['get', 'patch', 'update'], kind: 'CronJob' } },
  hasGeneration: true,
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['spec'] ??= {}
    const spec = draft['spec']
    spec.concurrencyPolicy ||= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    if (!spec.jobTemplate) return
    spec.jobTemplate.metadata ??= {}
    spec.jobTemplate.metadata.creationTimestamp ??= null
    podTemplateDefaults(spec.jobTemplate.spec?.template)
  },
  prepareCreate(draft) {
    draft['status'] = {}
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  validate: cronJobProblems,
  columns: [
    nameColumn,
    text('Schedule', (o) => o['spec'].schedule),
    text('Timezone', (o) => o['spec'].timeZone ?? '<none>'),
    { name: 'Suspend', type: 'boolean', cell: (o) => (o['spec'].suspend ? 'True' : 'False') },
    integer('Active', (o) => o['status']?.active?.length ?? 0),
    text('Last Schedule', (o, now) => {
      const last = o['status']?.lastScheduleTime
      return last ? ageOf(last, now) : '<none>'
    }),
    ageColumn,
    ...workloadColumnsOf((o) => o['spec'].jobTemplate?.spec),
  ],
}

function cronJobProblems({ metadata, ...object }: KubernetesObject): FieldError[] {
  const spec = object['spec']
  const { schedule, timeZone, concurrencyPolicy, jobTemplate } = spec
  const problems: FieldError[] = []
  if (!schedule) problems.push(required('spec.schedule'))
  else problems.push(...scheduleProblems(schedule))
  if (timeZone !== undefined) problems.push(...zoneProblems(timeZone))
  const policies = ['Allow', 'Forbid', 'Replace']
  if (!policies.includes(concurrencyPolicy)) {
    problems.push(notSupported('spec.concurrencyPolicy', concurrencyPolicy, policies))
  }
  problems.push(...jobSpecProblems(jobTemplate?.spec ?? {}, 'spec.jobTemplate.spec'))
  const { selector, manualSelector } = jobTemplate?.spec ?? {}
  if (selector) {
    const why = '`selector` will be auto-generated'
    problems.push(invalidValue('spec.jobTemplate.spec.selector', selector, why))
  }
  if (manualSelector) {
    const at = 'spec.jobTemplate.spec.manualSelector'
    problems.push(notSupported(at, manualSelector, ['nil', 'false']))
  }
  const counts = ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit']
  for (const field of counts) {
    if (spec[field] === undefined || spec[field] >= 0) continue
    const why = 'must be greater than or equal to 0'
    problems.push(invalidValue(`spec.${field}`, spec[field], why))
  }
  if (metadata.name?.length > nameMax) {
    const why = `must be no more than ${nameMax} characters`
    problems.push(invalidValue('metadata.name', metadata.name, why))
  }
  return problems
}

function scheduleProblems(schedule: string): FieldError[] {
  if (schedule.includes('TZ')) {
    const why = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    return [invalidValue('spec.schedule', schedule, why)]
  }
  try {
    parseSchedule(schedule)
    return []
  } catch (error) {
    return [invalidValue('spec.schedule', schedule, (error as Error).message)]
  }
}

function zoneProblems(timeZone: string): FieldError[] {
  const problem = (why: string) => [invalidValue('spec.timeZone', timeZone, why)]
  if (timeZone === '') return problem('timeZone must be nil or non-empty string')
  if (timeZone.toLowerCase() === 'local') {
    return problem(
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    )
  }
  return isTimeZone(timeZone) ? [] : problem(`unknown time zone ${timeZone}`)
}
