/** Network namespaces of the kernel, made with util-linux and iproute2 and held by a descriptor of ours: they end with us. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** Where the machine has what networks are made with. */
export interface NetworkPrograms {
  readonly ip: string
  readonly unshare: string
  readonly nsenter: string
}

/** Why the kernel, or a program, did not do as asked. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure'
}

export interface NamespaceOptions {
  readonly programs: NetworkPrograms
  /** Values of files below /proc/sys/net; those that this kernel lacks are left out. */
  readonly settings: Readonly<Record<string, string>>
  /** Called before the commands run, to put links into the namespace of this process. */
  readonly connect?: (pid: number) => Promise<void>
  /** Of `ip -batch`, run inside. */
  readonly commands: readonly string[]
}

const script = `ip=$1; shift
for setting; do
  file=/proc/sys/net/\${setting%%=*}
  [ ! -e "$file" ] || echo "\${setting#*=}" >"$file" || exit 1
done
echo ready
exec "$ip" -batch -`

/**
 * A namespace without a name: no file and no process stands for it, so nothing is left of it once we and what runs in it
 * are gone, however that comes.
 */
export class NetworkNamespace implements Disposable {
  readonly #descriptor: number
  #isClosed = false

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Rejects with NetworkFailure. */
  static async open(options: NamespaceOptions): Promise<NetworkNamespace> {
    const { programs, settings, connect, commands } = options
    const values = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    const shell = ['/bin/sh', '-c', script, 'sh', programs.ip, ...values]
    const child = spawn(programs.unshare, ['--net', '--', ...shell], {
      // Not of our terminal: Ctrl-C is ours to handle.
      detached: true,
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', () => {})
    const said = textOf(child.stderr)
    const ended = once(child, 'close').catch((error: Error) => [error.message])
    const isReady = await Promise.race([
      once(child.stdout, 'data').then(() => true),
      ended.then(() => false),
    ])
    let namespace: NetworkNamespace | undefined
    try {
      if (isReady) {
        namespace = new NetworkNamespace(openSync(`/proc/${child.pid}/ns/net`, 'r'))
        await connect?.(child.pid ?? 0)
      }
    } catch (error) {
      namespace?.[Symbol.dispose]()
      child.kill('SIGKILL')
      throw error
    }
    child.stdin.end(`${commands.join('\n')}\n`)
    child.stdout.resume()
    const [code] = await ended
    if (code === 0 && namespace) return namespace
    namespace?.[Symbol.dispose]()
    throw new NetworkFailure(said().trim() || `unshare: ${code}`)
  }

  /** What `nsenter --net=` takes, for as long as we hold it. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#descriptor}`
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    closeSync(this.#descriptor)
  }
}

const textMax = 4096

/** Collects what a stream says, up to a limit. */
export function textOf(stream: Readable): () => string {
  let text = ''
  stream.on('data', (piece: Buffer) => {
    if (text.length < textMax) text += piece.toString()
  })
  return () => text
}
