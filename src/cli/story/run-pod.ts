/** Runs one pod of the story to the end of its script, and does what the script waits for. */
import { setTimeout as pause } from 'node:timers/promises'
import { apiStatus } from '../cluster-access.ts'
import { waitUntil } from '../wait.ts'
import type { Attack, Step } from './attacks.ts'
import {
  commandOf,
  podManifest,
  podScript,
  readLog,
  type StandIns,
  signalsOf,
} from './pod-script.ts'
import type { Stage } from './stage.ts'
import type { StepResult } from './story.ts'
import type { PodIdentity } from './worlds.ts'

export interface PodOptions {
  readonly name: string
  readonly namespace: string
  readonly mark: string
  readonly identity: PodIdentity
  readonly steps: readonly Step[]
  /** What the script goes on with once all steps are done. */
  readonly after?: string
  readonly attack?: Pick<Attack, 'hostNetwork' | 'takesAddress'>
  readonly nodePods?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** What became of it. A script that does not end in time leaves the steps that it came to. */
export interface PodRun {
  readonly steps: readonly StepResult[]
  readonly log: string
  readonly ip: string
  readonly uid: string
}

const limitMs = 60_000
const pollMs = 200

export async function runPod(
  {
    stage: { core, database },
    standIns,
    signal,
  }: {
    readonly stage: Pick<Stage, 'core' | 'database'>
    readonly standIns: StandIns
    readonly signal: AbortSignal
  },
  options: PodOptions,
): Promise<PodRun> {
  const { name, namespace, steps, identity, after = '', ...rest } = options
  const plan = { ...rest, name, namespace, database, script: podScript(steps, standIns, after) }
  const body = podManifest({ ...plan, ...identity })
  const { metadata } = await core.createNamespacedPod({ namespace, body })
  const commands = steps.map((step) => commandOf(step, name))
  let log = ''
  let now = readLog(log, commands)
  let done = -1
  await waitUntil(async () => {
    signal.throwIfAborted()
    if (log !== '') await pause(pollMs)
    log = await logOf(core, namespace, name)
    now = readLog(log, commands)
    const step = steps[now.reached]
    if (now.reached > done && step) {
      done = now.reached
      if ('annotate' in step) await annotate(core, { namespace, name }, step.annotate, done)
    }
    return now.isComplete
  }, limitMs)
  const { status } = await core.readNamespacedPod({ namespace, name })
  return { steps: now.steps, log, ip: status?.podIP ?? '', uid: metadata?.uid ?? '' }
}

/** Empty as long as nothing runs yet. */
async function logOf(core: Stage['core'], namespace: string, name: string): Promise<string> {
  try {
    return (await core.readNamespacedPodLog({ namespace, name })) ?? ''
  } catch (error) {
    if (apiStatus(error) === 400) return ''
    throw error
  }
}

/** Changes the pod, then tells it so through the ConfigMap that it has mounted. */
async function annotate(
  core: Stage['core'],
  pod: { readonly namespace: string; readonly name: string },
  { key, value }: { readonly key: string; readonly value: string },
  step: number,
): Promise<void> {
  const { PatchStrategy, setHeaderOptions } = await import('@kubernetes/client-node')
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
  await core.patchNamespacedPod(
    { ...pod, body: { metadata: { annotations: { [key]: value } } } },
    merge,
  )
  const name = signalsOf(pod.name)
  const { namespace } = pod
  const body = { metadata: { name }, data: { [step]: '' } }
  try {
    await core.patchNamespacedConfigMap({ name, namespace, body }, merge)
  } catch (error) {
    if (apiStatus(error) !== 404) throw error
    await core.createNamespacedConfigMap({ namespace, body })
  }
}
