/** Looks after one pod on this node: volumes, containers, restarts, end; tells the API server what has become of it. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../object.ts'
import { configMaps, pods, secrets } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import {
  containersOf,
  goDuration,
  initContainersOf,
  isDone,
  isRestarted,
  planPod,
} from './container-record.ts'
import { logFile } from './container-run.ts'
import { ContainerRuns } from './container-runs.ts'
import type { ContainerFields, PodFacts } from './environment.ts'
import { capacityOf } from './node.ts'
import { Sandbox } from './pod-sandbox.ts'
import { restoreRecords, type StatusFacts } from './pod-status.ts'
import { setUpVolumes, VolumeFailure } from './pod-volumes.ts'
import { type LogOptions, readLog } from './read-log.ts'
import { PodTokens } from './service-account-tokens.ts'
import type { KubeletServices } from './services.ts'
import { StatusWriter } from './status-writer.ts'
import { volumeReferences } from './volume-sources.ts'

const mountRetryFirstMs = 500
const mountRetryMaxMs = 122_000
const errorRetryMs = 10_000

export class PodWorker {
  readonly directory: string
  readonly podIp: string
  readonly #services: KubeletServices
  readonly #tokens: PodTokens
  readonly #runs: ContainerRuns
  readonly #status: StatusWriter
  readonly #sandbox: Sandbox
  readonly #timers = new Map<string, Disposable>()
  readonly #startedAt: number
  #pod: KubernetesObject
  #failure: StatusFacts['failure']
  #volumesReady = false
  #volumesStale = true
  #mountRetryMs = mountRetryFirstMs
  #isOver = false
  #isAwake = false
  #loop: Promise<void> | undefined

  constructor(pod: KubernetesObject, podIp: string, services: KubeletServices) {
    this.#pod = pod
    this.podIp = podIp
    this.#services = services
    this.#sandbox = new Sandbox(services, podIp)
    this.directory = join(services.directory, 'pods', pod.metadata.uid)
    this.#tokens = new PodTokens(services.client, services.clock)
    this.#status = new StatusWriter(services, (at) => this.#wakeAt('status', at))
    const now = services.clock.now()
    this.#startedAt = parseTimestamp(pod['status']?.startTime) || now
    if (pod['status']?.phase === 'Failed' && pod['status'].reason) {
      const { reason, message = '' } = pod['status']
      this.#failure = { reason, message }
    }
    this.#runs = new ContainerRuns(restoreRecords(pod, now), services, {
      facts: () => this.#facts(),
      directory: this.directory,
      changed: () => {
        this.#publish()
        this.wake()
      },
    })
  }

  get pod(): KubernetesObject {
    return this.#pod
  }

  /** The pod's newer object; metadata may show in its volumes. */
  update(pod: KubernetesObject): void {
    const shown = ({ metadata }: KubernetesObject) => [metadata.labels, metadata.annotations]
    if (!isDeepStrictEqual(shown(pod), shown(this.#pod))) this.#volumesStale = true
    this.#pod = pod
    this.wake()
  }

  /** A ConfigMap or Secret has changed: `kind/name`. */
  configChanged(reference: string): void {
    if (volumeReferences(this.#pod).includes(reference)) this.#volumesStale = true
    this.#runs.retryConfiguration()
    this.wake()
  }

  wake(): void {
    this.#isAwake = true
    this.#loop ??= this.#run().finally(() => {
      this.#loop = undefined
      if (this.#isAwake && !this.#isOver) this.wake()
    })
  }

  /** The pod is gone from the API: ends what runs, at once, and clears its directory. */
  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
    this.#services.podGone(this.#pod)
  }

  /** The kubelet stops: what runs is killed as by a power cut, nothing is reported. */
  async stop(): Promise<void> {
    this.#isOver = true
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
    await this.#runs.kill()
    await this.#loop
    await this.#runs.kill()
    this.#sandbox.close()
    await this.#status.settled()
  }

  logs(container: string, options: LogOptions): AsyncIterable<Uint8Array> | undefined {
    const record = this.#runs.records.get(container)
    if (!record) return undefined
    const number = record.restartCount - (options.previous ? 1 : 0)
    const hasRun = record.state.kind !== 'waiting' || record.last !== undefined
    if (number < 0 || !hasRun) return undefined
    const live = options.previous ? undefined : this.#runs.log(container)
    return readLog(logFile(this.directory, container, number), live, options)
  }

  /** As ContainerRuns has it. */
  exec(...args: Parameters<ContainerRuns['exec']>): ReturnType<ContainerRuns['exec']> {
    return this.#runs.exec(...args)
  }

  /** As ContainerRuns has it. */
  attach(...args: Parameters<ContainerRuns['attach']>): ReturnType<ContainerRuns['attach']> {
    return this.#runs.attach(...args)
  }

  async #run(): Promise<void> {
    while (this.#isAwake && !this.#isOver) {
      this.#isAwake = false
      try {
        await this.#sync()
      } catch (error) {
        if (this.#isOver) return
        const { namespace, name } = this.#pod.metadata
        this.#services.log.error({ error, namespace, name }, 'pod not synchronised')
        this.#wakeAt('error', this.#services.clock.now() + errorRetryMs)
      }
    }
  }

  async #sync(): Promise<void> {
    const { clock } = this.#services
    if (this.#pod.metadata.deletionTimestamp) return this.#terminate()
    if (this.#isFinished()) {
      await this.#runs.kill(false)
      this.#sandbox.close()
      // Logs are kept until the pod is deleted; tokens and secrets are not.
      for (const name of ['volumes', 'containers', 'etc']) {
        rmSync(join(this.directory, name), { recursive: true, force: true })
      }
      this.#publish()
      return
    }
    if (this.#hasMissedDeadline()) return
    if (this.#volumesStale || (this.#tokens.nextRenewalAt ?? Infinity) <= clock.now()) {
      if (!(await this.#setUpVolumes())) return this.#publish()
    }
    const networkAt = await this.#sandbox.open(this.#pod)
    if (networkAt !== undefined) {
      this.#wakeAt('network', networkAt)
      return this.#publish()
    }
    const { records } = this.#runs
    this.#showBackOff()
    const plan = planPod(this.#pod, records, clock.now())
    for (const name of plan.stop) this.#runs.stop(name, this.#graceSeconds())
    await Promise.all(plan.start.map((name) => this.#runs.start(this.#container(name))))
    if (plan.wakeAt !== undefined) this.#wakeAt('back-off', plan.wakeAt)
    this.#publish()
  }

  /** Succeeded or Failed, now or before the kubelet was started. */
  #isFinished(): boolean {
    const phase = this.#pod['status']?.phase
    if (phase === 'Succeeded' || phase === 'Failed') return true
    const { records } = this.#runs
    return this.#failure !== undefined || (isDone(this.#pod, records) && !this.#runs.isAnyRunning)
  }

  #hasMissedDeadline(): boolean {
    const seconds: number | undefined = this.#pod['spec'].activeDeadlineSeconds
    if (seconds === undefined) return false
    const at = this.#startedAt + seconds * 1000
    if (at > this.#services.clock.now()) {
      this.#wakeAt('deadline', at)
      return false
    }
    const message = 'Pod was active on the node longer than the specified deadline'
    this.#failure = { reason: 'DeadlineExceeded', message }
    this.#services.events.record(this.#pod, 'Normal', 'DeadlineExceeded', message)
    this.wake()
    return true
  }

  async #setUpVolumes(): Promise<boolean> {
    const { clock, events } = this.#services
    this.#volumesStale = false
    try {
      await setUpVolumes(this.#facts(), { directory: this.directory, tokens: this.#tokens, clock })
      this.#mountRetryMs = mountRetryFirstMs
      const { note } = this.#services.runtime.isolation
      if (note && !this.#volumesReady) events.record(this.#pod, 'Warning', 'ReducedIsolation', note)
      this.#volumesReady = true
    } catch (error) {
      if (!(error instanceof VolumeFailure)) throw error
      events.record(this.#pod, 'Warning', 'FailedMount', error.message)
      this.#volumesStale = true
      this.#wakeAt('volumes', clock.now() + this.#mountRetryMs)
      this.#mountRetryMs = Math.min(this.#mountRetryMs * 2, mountRetryMaxMs)
    }
    const renewal = this.#tokens.nextRenewalAt
    if (renewal !== undefined) this.#wakeAt('tokens', renewal)
    return this.#volumesReady
  }

  /** A container that ended and waits for its next run is shown as such, and said once. */
  #showBackOff(): void {
    const { clock, events } = this.#services
    const { name, namespace, uid } = this.#pod.metadata
    for (const record of this.#runs.records.values()) {
      const { state, retryAt = 0 } = record
      const waitMs = retryAt - clock.now()
      if (waitMs <= 0) continue
      const { fieldPath, container } = this.#container(record.name)
      if (state.kind === 'waiting' && state.reason === 'ErrImagePull') {
        const text = `Back-off pulling image "${container.image}"`
        events.record(this.#pod, 'Normal', 'BackOff', text, fieldPath)
        events.record(this.#pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', fieldPath)
        const message = `${text}: ErrImagePull: ${state.message}`
        this.#runs.set({ ...record, state: { ...state, reason: 'ImagePullBackOff', message } })
      }
      if (state.kind !== 'terminated') continue
      if (!isRestarted(this.#pod, record.name, state.exitCode)) continue
      const text = `restarting failed container`
      const podText = `${name}_${namespace}(${uid})`
      const message = `back-off ${goDuration(waitMs)} ${text}=${record.name} pod=${podText}`
      const said = `Back-off ${text} ${record.name} in pod ${podText}`
      events.record(this.#pod, 'Warning', 'BackOff', said, fieldPath)
      const waiting = { kind: 'waiting' as const, reason: 'CrashLoopBackOff', message }
      this.#runs.set({ ...record, last: state, state: waiting })
    }
  }

  /** Asks the containers to end, and when they have, lets the API server forget the pod. */
  async #terminate(): Promise<void> {
    const { client } = this.#services
    const { namespace, name, uid } = this.#pod.metadata
    for (const { name } of [...containersOf(this.#pod), ...initContainersOf(this.#pod)]) {
      this.#runs.stop(name, this.#graceSeconds())
    }
    if (this.#runs.isAnyRunning) return
    this.#publish()
    await this.#status.settled()
    if (this.#isOver) return
    try {
      await client.delete(pods, namespace, name, { gracePeriodSeconds: 0, uid })
    } catch (error) {
      const { code } = error as { code?: string }
      // Gone already, or another of the same name is there: either way this one is no more.
      if (code !== 'NotFound' && code !== 'Conflict') throw error
    }
  }

  #graceSeconds(): number {
    const { deletionGracePeriodSeconds } = this.#pod.metadata
    return deletionGracePeriodSeconds ?? this.#pod['spec'].terminationGracePeriodSeconds ?? 30
  }

  #container(name: string): { container: ContainerFields; fieldPath: string } {
    for (const [list, of] of [
      ['containers', containersOf(this.#pod)],
      ['initContainers', initContainersOf(this.#pod)],
    ] as const) {
      const container = of.find((c) => c.name === name)
      if (container) return { container, fieldPath: `spec.${list}{${name}}` }
    }
    throw new Error(`no container ${name}`)
  }

  #facts(): PodFacts {
    const { client, node } = this.#services
    const { namespace } = this.#pod.metadata
    const { network } = this.#sandbox
    return {
      pod: this.#pod,
      podIp: this.podIp,
      ...(network && { sandbox: network }),
      hostIp: node.internalIp,
      nodeName: node.name,
      lookup: (kind, name) => client.get(kind === 'Secret' ? secrets : configMaps, namespace, name),
      allocatable: capacityOf(),
    }
  }

  #publish(): void {
    if (this.#isOver) return
    const { clock, node, runtime } = this.#services
    const note = runtime.isolation.note
    this.#status.write(this.#pod, {
      records: new Map(this.#runs.records),
      hostIp: node.internalIp,
      podIp: this.#volumesReady && this.#sandbox.isReady ? this.podIp : undefined,
      startedAt: this.#startedAt,
      volumesReady: this.#volumesReady,
      isEnded: this.#pod.metadata.deletionTimestamp !== undefined && !this.#runs.isAnyRunning,
      ...(this.#failure && { failure: this.#failure }),
      ...(note && { isolationNote: note }),
      now: clock.now(),
    })
  }

  #wakeAt(purpose: string, at: number): void {
    if (this.#isOver) return
    this.#timers.get(purpose)?.[Symbol.dispose]()
    this.#timers.set(
      purpose,
      this.#services.clock.schedule(at, () => this.wake()),
    )
  }
}
