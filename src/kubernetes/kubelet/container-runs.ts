/** The containers of one pod: what is known of each, and the process of each that runs. */
import type { ContainerExit, ExecStreams } from '../runtime/runtime.ts'
import { attachTo } from './attach.ts'
import type { ContainerLog } from './container-log.ts'
import {
  type ContainerRecord,
  initContainersOf,
  isRestarted,
  isSidecar,
  nextBackOff,
} from './container-record.ts'
import { type ContainerRun, terminationMessage } from './container-run.ts'
import type { ContainerFields, PodFacts } from './environment.ts'
import { type HandlerContext, runHandler } from './handlers.ts'
import { startProbes } from './probes.ts'
import type { KubeletServices } from './services.ts'
import { startContainer } from './start-container.ts'

interface Named {
  readonly container: ContainerFields
  /** `spec.containers{app}`, for events. */
  readonly fieldPath: string
}

interface Running extends Named {
  readonly run: ContainerRun
  readonly ended: Promise<void>
  probes?: Disposable
  /** When the container will be killed, once it was asked to end. */
  killAt?: number
  killing?: Disposable
}

export interface ContainerRunsOptions {
  facts(): PodFacts
  readonly directory: string
  /** Something happened that others should see. */
  changed(): void
}

export class ContainerRuns {
  readonly #records: Map<string, ContainerRecord>
  readonly #running = new Map<string, Running>()
  readonly #services: KubeletServices
  readonly #options: ContainerRunsOptions
  #isOver = false

  constructor(
    records: Map<string, ContainerRecord>,
    services: KubeletServices,
    options: ContainerRunsOptions,
  ) {
    this.#records = records
    this.#services = services
    this.#options = options
  }

  get records(): ReadonlyMap<string, ContainerRecord> {
    return this.#records
  }

  get isAnyRunning(): boolean {
    return this.#running.size > 0
  }

  set(record: ContainerRecord): void {
    this.#records.set(record.name, record)
  }

  /** The log that is being written. */
  log(name: string): ContainerLog | undefined {
    return this.#running.get(name)?.run.log
  }

  /** Runs one more command in a container; undefined where it does not run. */
  exec(
    name: string,
    argv: readonly string[],
    streams: ExecStreams,
  ): Promise<{ readonly exitCode: number }> | undefined {
    const run = this.#running.get(name)?.run
    return run && this.#services.runtime.execute(run.process, run.spec, argv, streams)
  }

  /** Shows a client what a container writes, and hands its input on; undefined where it does not run. */
  attach(name: string, streams: ExecStreams): Promise<void> | undefined {
    const running = this.#running.get(name)
    return running && attachTo(running.run, running.container, streams)
  }

  /** Containers that lacked a ConfigMap or Secret need not wait longer. */
  retryConfiguration(): void {
    for (const record of this.#records.values()) {
      const { state, retryAt: _, ...rest } = record
      const isConfig = state.kind === 'waiting' && state.reason === 'CreateContainerConfigError'
      if (isConfig) this.set({ ...rest, state })
    }
  }

  async start(named: Named): Promise<void> {
    const { name } = named.container
    const record = this.#records.get(name)
    if (!record || this.#running.has(name) || this.#isOver) return
    const { directory } = this.#options
    const facts = this.#options.facts()
    const request = { ...named, record, facts, directory }
    const outcome = await startContainer(request, this.#services)
    this.set({ ...outcome.record, ready: false, started: false })
    const { run } = outcome
    if (!run) {
      this.#options.changed()
      return
    }
    const running: Running = {
      ...named,
      run,
      ended: run.process.exit.then((exit) => this.#end(named, run, exit)),
    }
    this.#running.set(name, running)
    if (this.#isOver) run.process.signal('SIGKILL')
    else await this.#begin(running, facts)
  }

  /** The hook after the start, then the probes. */
  async #begin(running: Running, facts: PodFacts): Promise<void> {
    const { container, fieldPath, run } = running
    const { runtime, events, clock } = this.#services
    const context = { runtime, run, container, ...networkOf(facts) }
    const hook = container['lifecycle']?.postStart
    if (hook) {
      const why = await runHandler(hook, context, 60_000)
      if (why !== undefined) {
        events.record(
          facts.pod,
          'Warning',
          'FailedPostStartHook',
          `PostStartHook failed: ${why}`,
          fieldPath,
        )
        this.#terminate(running, this.#grace(), 'FailedPostStartHook')
        return
      }
    }
    if (!this.#running.has(container.name)) return
    const change = (fields: Partial<ContainerRecord>) => {
      const record = this.#records.get(container.name)
      if (!record || this.#running.get(container.name) !== running) return
      const next = { ...record, ...fields }
      if (next.ready === record.ready && next.started === record.started) return
      this.set(next)
      this.#options.changed()
    }
    running.probes = startProbes(context, clock, {
      started: () => change({ started: true }),
      ready: (ready) => change({ ready }),
      unhealthy: (message) =>
        events.record(this.#options.facts().pod, 'Warning', 'Unhealthy', message, fieldPath),
      failed: (kind) => {
        const message = `Container ${container.name} failed ${kind} probe, will be restarted`
        this.#terminate(running, this.#grace(), message)
      },
    })
  }

  /** Asks a container to end; kills it when the grace is over. Asking again can only shorten the grace. */
  stop(name: string, graceSeconds: number): void {
    const running = this.#running.get(name)
    if (running) this.#terminate(running, graceSeconds, `Stopping container ${name}`)
  }

  #grace(): number {
    return this.#options.facts().pod['spec'].terminationGracePeriodSeconds ?? 30
  }

  #terminate(running: Running, graceSeconds: number, message: string): void {
    const { clock, events, runtime } = this.#services
    const killAt = clock.now() + graceSeconds * 1000
    if (running.killAt !== undefined && running.killAt <= killAt) return
    const isFirst = running.killAt === undefined
    running.killAt = killAt
    running.killing?.[Symbol.dispose]()
    const { run, container, fieldPath } = running
    if (isFirst) {
      running.probes?.[Symbol.dispose]()
      events.record(this.#options.facts().pod, 'Normal', 'Killing', message, fieldPath)
    }
    if (graceSeconds <= 0) {
      run.process.signal('SIGKILL')
      return
    }
    running.killing = clock.schedule(killAt, () => run.process.signal('SIGKILL'))
    if (!isFirst) return
    const hook = container['lifecycle']?.preStop
    if (!hook) run.process.signal('SIGTERM')
    else {
      const facts = this.#options.facts()
      const { pod } = facts
      const context = { runtime, run, container, ...networkOf(facts) }
      void runHandler(hook, context, graceSeconds * 1000).then((why) => {
        const text = `PreStopHook failed: ${why}`
        if (why !== undefined) events.record(pod, 'Warning', 'FailedPreStopHook', text, fieldPath)
        run.process.signal('SIGTERM')
      })
    }
  }

  #end({ container }: Named, run: ContainerRun, exit: ContainerExit): void {
    const { name } = container
    const running = this.#running.get(name)
    this.#running.delete(name)
    running?.probes?.[Symbol.dispose]()
    running?.killing?.[Symbol.dispose]()
    run.log.close()
    const record = this.#records.get(name)
    if (!record || this.#isOver) return
    const { signal, startError } = exit
    // As container runtimes give it for a command that never ran.
    const exitCode = startError ? 128 : exit.exitCode
    const now = this.#services.clock.now()
    const message = terminationMessage(container, run, exit)
    const state = {
      kind: 'terminated' as const,
      exitCode,
      ...(signal !== undefined && { signal }),
      reason: startError ? 'StartError' : exitCode === 0 ? 'Completed' : 'Error',
      ...(message && { message }),
      startedAt: run.startedAt,
      finishedAt: now,
      containerId: run.id,
    }
    const { pod } = this.#options.facts()
    const init = initContainersOf(pod).find((c) => c.name === name)
    const ready = init !== undefined && !isSidecar(init) && exitCode === 0
    const ended = { ...record, state, ready, started: false }
    this.set(isRestarted(pod, name, exitCode) ? nextBackOff(ended, now) : ended)
    this.#options.changed()
  }

  /** Ends all at once, without a word to anybody; nothing starts any more after `isOver`. */
  async kill(isOver = true): Promise<void> {
    this.#isOver ||= isOver
    const all = [...this.#running.values()]
    for (const { run } of all) run.process.signal('SIGKILL')
    await Promise.all(all.map(({ ended }) => ended))
  }
}

function networkOf({ podIp, sandbox }: PodFacts): Pick<HandlerContext, 'podIp' | 'sandbox'> {
  return { podIp, ...(sandbox && { sandbox }) }
}
