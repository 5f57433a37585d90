/** One size of the mixed load, alone in its process: `node --expose-gc policy-mixed.ts ROLES SECONDS`, answers JSON. */
import { createHash } from 'node:crypto'
import { createEvaluator } from '../src/kernel/policy/policy.ts'
import { mixedLoad } from './policy-cases.ts'
import { rateOf } from './rate.ts'

export interface MixedResult {
  /** Decisions a CPU-second, everything compiled that will be. */
  readonly warm: number
  /** The same in the first pass over the load, which compiles. */
  readonly cold: number
  /** Share of the requests. */
  readonly allowed: number
  /** Of the whole process with its load, MB. */
  readonly rss: number
  /** Held by the evaluator, MB. */
  readonly held: number
  readonly answers: string
}

if (import.meta.main) {
  const [roles = 10, seconds = 1] = process.argv.slice(2).map(Number)
  process.stdout.write(JSON.stringify(measure(roles, seconds)))
}

function measure(roles: number, seconds: number): MixedResult {
  const evaluate = createEvaluator()
  const { load } = mixedLoad(roles, Math.max(20_000, roles * 4))
  const hash = createHash('sha256')
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const start = process.cpuUsage()
  let allowed = 0
  for (const { request, policies } of load) {
    const { decision } = evaluate(request, policies)
    if (decision === 'allowed') allowed++
    hash.update(decision)
  }
  const { user, system } = process.cpuUsage(start)
  globalThis.gc?.()
  const held = (process.memoryUsage().heapUsed - before) / 2 ** 20
  const warm = rateOf((i) => {
    const each = load[i % load.length]
    return each ? evaluate(each.request, each.policies).decision : ''
  }, seconds)
  return {
    warm,
    cold: load.length / ((user + system) / 1e6),
    allowed: allowed / load.length,
    rss: process.memoryUsage().rss / 2 ** 20,
    held,
    answers: hash.digest('hex'),
  }
}
