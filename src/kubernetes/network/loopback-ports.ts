/** The ports of this machine's loopback that pods with a network of their own reach at their own 127.0.0.1. */

type Listener = (port: number, change: 'open' | 'close') => Promise<void>

/** Servers of the lab come and go; whoever lets pods through to them hears of it. */
export class LoopbackPorts {
  readonly #ports = new Map<number, number>()
  readonly #listeners = new Set<Listener>()

  list(): number[] {
    return [...this.#ports.keys()]
  }

  has(port: number): boolean {
    return this.#ports.has(port)
  }

  /** Resolves once every pod that runs reaches it. A port that was opened twice is closed twice. */
  async open(port: number): Promise<void> {
    const count = this.#ports.get(port) ?? 0
    this.#ports.set(port, count + 1)
    if (count === 0) await this.#tell(port, 'open')
  }

  async close(port: number): Promise<void> {
    const count = this.#ports.get(port) ?? 0
    if (count > 1) this.#ports.set(port, count - 1)
    else if (this.#ports.delete(port)) await this.#tell(port, 'close')
  }

  onChange(listener: Listener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async #tell(port: number, change: 'open' | 'close'): Promise<void> {
    await Promise.all([...this.#listeners].map((listener) => listener(port, change)))
  }
}
