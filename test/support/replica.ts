/** A process of `podpass serve aws` for a test: started with flags, known to be ready by its log. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { podpassProgram, start } from './lab.ts'

export interface Replica extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`. */
  readonly endpoint: string
  readonly outboundPort: number
  /** Status of `/readyz`. */
  ready(): Promise<number>
  /** What it wrote so far: results, and log lines. */
  readonly stdout: string
  readonly stderr: string
  /** Sends a signal that it lives on with. */
  signal(name: 'SIGHUP'): void
  /** Sends a signal and answers the exit code; null where the signal ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

interface Ports {
  readonly port: number
  readonly adminPort: number
  readonly outboundPort: number
}

/** Starts one on free ports and waits until it serves; rejects with its log where it ends before. */
export async function startReplica(
  environment: NodeJS.ProcessEnv,
  ...flags: string[]
): Promise<Replica> {
  const args = ['serve', 'aws', '--listen', '0', '--admin', '0', ...flags]
  const child = start(podpassProgram, args, environment)
  const exited = once(child, 'exit') as Promise<[number | null]>
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString()
  })
  const ports = await new Promise<Ports>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.stderr += `${line}\n`
      const entry = line.startsWith('{') ? JSON.parse(line) : {}
      if (entry.msg === 'ready') resolve(entry)
    })
    child.once('exit', (code) => reject(new Error(`exit ${code}\n${said.stderr}`)))
  })
  return {
    endpoint: `https://127.0.0.1:${ports.port}`,
    outboundPort: ports.outboundPort,
    ready: async () => (await fetch(`http://127.0.0.1:${ports.adminPort}/readyz`)).status,
    get stdout() {
      return said.stdout
    },
    get stderr() {
      return said.stderr
    },
    signal: (name) => void child.kill(name),
    async end(signal) {
      child.kill(signal)
      return (await exited)[0]
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}
