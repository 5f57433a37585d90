/** Brings one container from "to be started" to a run, or to the state that says why not, with the events of each step. */
import type { ImageCommand } from '../runtime/images.ts'
import { StartFailure } from '../runtime/runtime.ts'
import {
  backOffFirstMs,
  backOffMaxMs,
  type ContainerRecord,
  nextBackOff,
} from './container-record.ts'
import { type ContainerRun, runContainer } from './container-run.ts'
import { ConfigError, type ContainerFields, type PodFacts } from './environment.ts'
import type { KubeletServices } from './services.ts'

export interface StartRequest {
  readonly container: ContainerFields
  readonly record: ContainerRecord
  readonly facts: PodFacts
  readonly directory: string
  /** `spec.containers{app}` */
  readonly fieldPath: string
}

export interface StartOutcome {
  readonly record: ContainerRecord
  readonly run?: ContainerRun
}

/** How long until a container that could not be configured is tried again, unless what it lacks appears before. */
const configRetryMs = 10_000

export async function startContainer(
  request: StartRequest,
  services: KubeletServices,
): Promise<StartOutcome> {
  const { container, record, facts, fieldPath } = request
  const { events, clock } = services
  const image = services.images.resolve(container.image)
  if ('why' in image) return { record: imageFailure(request, services, image) }
  notePull(request, services, image)
  const hasRun = record.state.kind === 'terminated' || record.last !== undefined
  const restartCount = hasRun ? record.restartCount + 1 : record.restartCount
  const last = record.state.kind === 'terminated' ? record.state : record.last
  const { retryAt: _, ...rest } = record
  const next: ContainerRecord = { ...rest, restartCount, imageId: image.id, ...(last && { last }) }
  try {
    const run = await runContainer({ ...request, image, restartCount }, services)
    events.record(facts.pod, 'Normal', 'Created', `Created container: ${container.name}`, fieldPath)
    events.record(facts.pod, 'Normal', 'Started', `Started container ${container.name}`, fieldPath)
    const state = { kind: 'running' as const, startedAt: run.startedAt, containerId: run.id }
    return { record: { ...next, state }, run }
  } catch (error) {
    const { message } = error as Error
    events.record(facts.pod, 'Warning', 'Failed', `Error: ${message}`, fieldPath)
    const now = clock.now()
    if (error instanceof ConfigError) {
      const state = { kind: 'waiting' as const, reason: 'CreateContainerConfigError', message }
      return { record: { ...record, state, imageId: image.id, retryAt: now + configRetryMs } }
    }
    if (!(error instanceof StartFailure)) services.log.error({ error }, 'container not started')
    const state = {
      kind: 'terminated' as const,
      exitCode: 128,
      reason: 'StartError',
      message,
      startedAt: 0,
      finishedAt: now,
    }
    return { record: nextBackOff({ ...next, state }, now) }
  }
}

/** As the kubelet pulls: always, or only an image that was never used on this node. */
function notePull(
  { container, facts, fieldPath }: StartRequest,
  { events, presentImages }: KubeletServices,
  image: ImageCommand,
): void {
  const { image: name } = container
  const note = (reason: string, message: string) =>
    events.record(facts.pod, 'Normal', reason, message, fieldPath)
  if (container['imagePullPolicy'] !== 'Always' && presentImages.has(name)) {
    note('Pulled', `Container image "${name}" already present on machine`)
    return
  }
  presentImages.add(name)
  note('Pulling', `Pulling image "${name}"`)
  const took = '1ms (1ms including waiting)'
  note(
    'Pulled',
    `Successfully pulled image "${name}" in ${took}. Image size: ${image.sizeBytes} bytes.`,
  )
}

function imageFailure(
  { container, record, facts, fieldPath }: StartRequest,
  { events, clock }: KubeletServices,
  { why, isNameInvalid }: { readonly why: string; readonly isNameInvalid?: true },
): ContainerRecord {
  const { pod } = facts
  const now = clock.now()
  const before = record.backOff
  const delayMs = before ? Math.min(before.delayMs * 2, backOffMaxMs) : backOffFirstMs
  const reason = isNameInvalid ? 'InvalidImageName' : 'ErrImagePull'
  if (isNameInvalid) {
    events.record(pod, 'Warning', 'InspectFailed', why, fieldPath)
  } else {
    events.record(pod, 'Normal', 'Pulling', `Pulling image "${container.image}"`, fieldPath)
    const text = `Failed to pull image "${container.image}": ${why}`
    events.record(pod, 'Warning', 'Failed', text, fieldPath)
  }
  events.record(pod, 'Warning', 'Failed', `Error: ${reason}`, fieldPath)
  const state = { kind: 'waiting' as const, reason, message: why }
  return { ...record, state, backOff: { delayMs, at: now }, retryAt: now + delayMs }
}
