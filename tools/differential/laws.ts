/**
 * The laws of evaluation over a million generated cases each (the unit suite runs a few hundred).
 * Run: `node tools/differential/laws.ts [--runs 1000000] [--seed N] [--only WORD]`.
 */
import { parseArgs } from 'node:util'
// biome-ignore lint/correctness/noUndeclaredDependencies: the root's, as the generators use it
import fc from 'fast-check'
import { laws } from '../../src/kernel/policy/testing/laws.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})

for (const { name, property } of laws) {
  if (!name.includes(values.only)) continue
  const start = performance.now()
  fc.assert(property, {
    numRuns: Number(values.runs),
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
  })
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`${values.runs} cases in ${seconds} s: ${name}`)
}
