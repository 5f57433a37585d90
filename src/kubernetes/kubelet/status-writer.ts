/** Tells the API server what has become of a pod: the newest status only, one write at a time. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../object.ts'
import { pods } from '../resources.ts'
import { podStatus, type StatusFacts } from './pod-status.ts'
import type { KubeletServices } from './services.ts'

const retryMs = 10_000

export class StatusWriter {
  readonly #services: Pick<KubeletServices, 'client' | 'clock' | 'log'>
  readonly #retry: (at: number) => void
  #next: { readonly pod: KubernetesObject; readonly facts: StatusFacts } | undefined
  #writing: Promise<void> | undefined

  /** `retry` is called with the moment at which a write that failed is to be tried again. */
  constructor(
    services: Pick<KubeletServices, 'client' | 'clock' | 'log'>,
    retry: (at: number) => void,
  ) {
    this.#services = services
    this.#retry = retry
  }

  /** Does not wait; a status that was not yet written is replaced. */
  write(pod: KubernetesObject, facts: StatusFacts): void {
    this.#next = { pod, facts }
    this.#begin()
  }

  #begin(): void {
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined
      // What was given between the last look and now.
      if (this.#next) this.#begin()
    })
  }

  /** Resolves when nothing waits to be written. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #run(): Promise<void> {
    const { client, clock, log } = this.#services
    while (this.#next) {
      const { pod, facts } = this.#next
      this.#next = undefined
      const { namespace, name, uid } = pod.metadata
      const change = (current: KubernetesObject) => {
        if (current.metadata.uid !== uid) return undefined
        const status = podStatus(current, facts)
        return isDeepStrictEqual(status, current['status']) ? undefined : { ...current, status }
      }
      try {
        await client.modify(pods, namespace, name, change, 'status')
      } catch (error) {
        log.warn({ error, namespace, name }, 'pod status not written')
        this.#retry(clock.now() + retryMs)
      }
    }
  }
}
