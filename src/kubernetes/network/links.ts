/** Links into one namespace, made by one long-lived `ip -batch`: a command costs no new process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { NetworkFailure, type NetworkNamespace, type NetworkPrograms, textOf } from './namespace.ts'

interface Waiting {
  /** The link that must be there afterwards. */
  readonly link: string
  seen: boolean
  settle(error?: Error): void
}

export class Links implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: Waiting[] = []
  readonly #ended: Promise<void>
  #isOver = false
  #count = 0

  constructor(programs: NetworkPrograms, namespace: NetworkNamespace) {
    const batch = [programs.ip, '-oneline', '-force', '-batch', '-']
    this.#child = spawn(programs.nsenter, [`--net=${namespace.path}`, '--', ...batch], {
      detached: true,
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const said = textOf(this.#child.stderr)
    this.#child.stdin.on('error', () => {})
    let rest = ''
    this.#child.stdout.on('data', (piece: Buffer) => {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#onLine(line, said)
    })
    this.#ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.#isOver = true
        for (const one of this.#waiting.splice(0)) one.settle(new NetworkFailure(why))
        resolve()
      }
      this.#child.once('error', (error) => end(error.message))
      this.#child.once('close', () => end(said().trim() || 'ip: ended'))
    })
  }

  /**
   * A link between a bridge of this namespace and the namespace of process `pid`, where it is `eth0`; the kernel removes
   * it with either namespace. Rejects with NetworkFailure.
   */
  async add(bridge: string, pid: number): Promise<void> {
    const link = `p${this.#count++}`
    const peer = `type veth peer name eth0 netns ${pid}`
    await this.#run(`link add name ${link} master ${bridge} up ${peer}`, link)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    await this.#ended
  }

  /** `lo` is shown after each command as the sign that it is done: errors go another way and may come later. */
  #run(command: string, link: string): Promise<void> {
    if (this.#isOver) return Promise.reject(new NetworkFailure('ip: ended'))
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => (error ? reject(error) : resolve())
      this.#waiting.push({ link, seen: false, settle })
      this.#child.stdin.write(`${command}\nlink show dev ${link}\nlink show dev lo\n`)
    })
  }

  #onLine(line: string, said: () => string): void {
    const name = /^\d+: ([^:@\s]+)/.exec(line)?.[1]
    const first = this.#waiting[0]
    if (!first || name === undefined) return
    if (name !== 'lo') {
      first.seen ||= name === first.link
      return
    }
    this.#waiting.shift()
    const why = said().trim().split('\n').at(-1) || 'ip: no link was made'
    first.settle(first.seen ? undefined : new NetworkFailure(why))
  }
}
