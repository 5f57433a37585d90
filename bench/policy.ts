/**
 * How fast the policy engine answers, per CPU-second of one core, beside its peers in the same run.
 * Run: `node bench/policy.ts [--small]`. The peers come from `tools/differential` (`npm ci` there); without it they are
 * left out.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createEvaluator } from '../src/kernel/policy/policy.ts'
import { benchPeers } from '../tools/differential/bench-peers.ts'
import { benchCases } from './policy-cases.ts'
import type { MixedResult } from './policy-mixed.ts'
import { rateOf } from './rate.ts'

const small = process.argv.includes('--small')
const seconds = small ? 0.05 : 2
const print = (line: string) => process.stdout.write(`${line}\n`)
const format = (n: number) => Math.round(n).toLocaleString('en').padStart(11)

const bars: Readonly<Record<string, number>> = { '(a)': 900_000, '(b)': 250_000, '(c)': 1_000_000 }
const mixedBars: Readonly<Record<number, number>> = { 1000: 80_000, 10000: 60_000 }
const hash = createHash('sha256')
const evaluate = createEvaluator()
const peers = small ? [] : await benchPeers()
if (peers.length === 0 && !small) print('peers not installed: `npm ci` in tools/differential')

for (const bench of benchCases()) {
  const { name, variants, policies, expect } = bench
  const pick = (i: number) => variants[i % variants.length] ?? bench.request
  const { decision } = evaluate(bench.request, policies)
  if (decision !== expect) throw new Error(`${name}: ${decision}`)
  hash.update(name + decision)
  const ours = rateOf((i) => evaluate(pick(i), policies).decision, seconds)
  const explained = rateOf((i) => evaluate(pick(i), policies, { explain: true }).decision, seconds)
  const bar = bars[name.slice(0, 3)]
  print(`${name}`)
  print(`  podpass             ${format(ours)}/s${bar ? `   bar ${format(bar).trim()}` : ''}`)
  print(`  podpass, explained  ${format(explained)}/s`)
  for (const peer of peers) {
    const prepared = variants.map((request) => peer.prepare(bench, request))
    const once = (i: number) => prepared[i % prepared.length]?.() ?? ''
    const answer = once(0)
    const theirs = rateOf(once, Math.max(seconds, 0.1))
    const wrong = answer === expect ? '' : `   (answers ${answer})`
    print(
      `  ${peer.name.padEnd(18)}  ${format(theirs)}/s   ours is ${format(ours / theirs).trim()} ×${wrong}`,
    )
  }
}

print(
  'mixed load: roles with 24 statements, 12 of them their own; random actions; each in a process of its own',
)
for (const roles of small ? [10] : [10, 100, 1000, 10_000]) {
  const file = fileURLToPath(new URL('policy-mixed.ts', import.meta.url))
  const args = ['--expose-gc', file, String(roles), String(seconds)]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  const { warm, cold, allowed, rss, held, answers } = JSON.parse(child.stdout) as MixedResult
  hash.update(answers)
  const bar = mixedBars[roles]
  const facts = `${(allowed * 100).toFixed(1)} % allowed`
  const memory = `rss ${rss.toFixed(0)} MB, of it compiled policies ${held.toFixed(0)} MB`
  const line = `${format(warm)}/s   first pass, compiling ${format(cold).trim()}/s   ${facts}, ${memory}`
  print(`  ${String(roles).padStart(6)} roles ${line}${bar ? `   bar ${format(bar).trim()}` : ''}`)
}
print(`answers ${hash.digest('hex').slice(0, 16)}, node ${process.version}`)
