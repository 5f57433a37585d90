/** Brings up the network of one pod before its containers start, and takes it down after them. */

import type { PodSandbox } from '../network/pod-network.ts'
import type { KubernetesObject } from '../object.ts'
import type { KubeletServices } from './services.ts'

const retryFirstMs = 500
const retryMaxMs = 60_000

export class Sandbox {
  readonly #services: KubeletServices
  readonly #address: string
  #retryMs = retryFirstMs
  #isReady = false
  #isOver = false
  #network: PodSandbox | undefined

  constructor(services: KubeletServices, address: string) {
    this.#services = services
    this.#address = address
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** The pod's own network, once it is up; undefined on the host's. */
  get network(): PodSandbox | undefined {
    return this.#network
  }

  /** Undefined once the network is there; else, after an event on the pod, when to try again (ms since the epoch). */
  async open(pod: KubernetesObject): Promise<number | undefined> {
    if (this.#isReady || this.#isOver) return undefined
    const { network, events, clock } = this.#services
    try {
      this.#network = await network.open(pod, this.#address)
      this.#isReady = true
      if (this.#isOver) this.close()
      return undefined
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const message = `Failed to create pod sandbox: ${why}`
      events.record(pod, 'Warning', 'FailedCreatePodSandBox', message)
      const at = clock.now() + this.#retryMs
      this.#retryMs = Math.min(this.#retryMs * 2, retryMaxMs)
      return at
    }
  }

  /** Nothing runs in it any more, and nothing will. */
  close(): void {
    this.#isOver = true
    this.#network?.[Symbol.dispose]()
    this.#network = undefined
  }
}
