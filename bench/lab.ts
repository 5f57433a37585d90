/**
 * How long a person waits: `podpass --help`, `podpass up` until it is ready (a new home, and one with a cluster), and the
 * tutorial. `bin/node bench/lab.ts [runs]`; prints the median and the spread of each, in milliseconds.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const podpass = fileURLToPath(new URL('../bin/podpass', import.meta.url))
const runs = Number(process.argv[2] ?? 5)
const freePorts = ['--aws-port', '0', '--issuer-port', '0', '--kubernetes-port', '0']

/** Wall time of one command in ms; throws with its output when it fails. */
function timed(...args: string[]): number {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(podpass, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`podpass ${args.join(' ')}: exit ${status}\n${stdout}${stderr}`)
  return performance.now() - started
}

function report(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
  console.log(`${name.padEnd(34)} median ${at(0.5)} ms   min ${at(0)}   max ${at(1)}`)
}

function repeat(times: number, work: () => number): number[] {
  return Array.from({ length: times }, work)
}

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${runs} runs`,
)
timed('--help')
report(
  '--help',
  repeat(runs, () => timed('--help')),
)
report(
  'up, a new home',
  repeat(runs, () => {
    const home = mkdtempSync(join(tmpdir(), 'podpass-bench-'))
    const time = timed('up', '-d', '--home', home, ...freePorts)
    timed('down', '--home', home)
    rmSync(home, { recursive: true })
    return time
  }),
)
const home = mkdtempSync(join(tmpdir(), 'podpass-bench-'))
timed('up', '-d', '--home', home, ...freePorts)
timed('create', 'cluster', '--home', home, '--name', 'irsa')
report(
  'up, one cluster with two nodes',
  repeat(runs, () => {
    timed('down', '--home', home)
    return timed('up', '-d', '--home', home)
  }),
)
timed('down', '--home', home)
rmSync(home, { recursive: true })
report(
  'tutorial',
  repeat(Math.min(runs, 3), () => timed('tutorial')),
)
