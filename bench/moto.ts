/** moto beside us in the same run: its server mode, where `node tools/bench-peers.ts` has put it or it is on PATH. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Served } from './http-load.ts'

export interface Moto extends Served, AsyncDisposable {}

/** Linux counts in these: `getconf CLK_TCK`. */
const tickMicros = 10_000

/** Starts it; undefined where it is not to be had, which is said. */
export async function startMoto(): Promise<Moto | undefined> {
  const program = find()
  if (program === undefined || process.platform !== 'linux') {
    const why = program === undefined ? 'node tools/bench-peers.ts brings it' : 'only on Linux'
    process.stdout.write(`moto is left out: ${why}\n`)
    return undefined
  }
  const port = await freePort()
  const args = ['-H', '127.0.0.1', '-p', String(port)]
  const child = spawn(program, args, { stdio: 'ignore' })
  await answering(child, port)
  return {
    port,
    cpuMicros: async () => cpuTicks(child.pid ?? 0) * tickMicros,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}

function find(): string | undefined {
  const own = join(import.meta.dirname, '..', '.tools', 'moto', 'bin')
  return [own, ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((folder) => join(folder, 'moto_server'))
    .find((path) => existsSync(path))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    try {
      await fetch(`http://127.0.0.1:${port}/moto-api/`)
      return
    } catch {
      await pause(100)
    }
  }
  throw new Error(`moto ended with ${child.exitCode}`)
}

/** User and system time of all threads: fields 14 and 15, counted behind the name, which may hold anything. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
