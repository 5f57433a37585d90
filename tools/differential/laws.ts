/**
 * Every law of evaluation over a million generated cases (the unit suite runs a few hundred).
 * Run: `node tools/differential/laws.ts [--runs 1000000] [--seed N]`.
 */
import { parseArgs } from 'node:util'
// biome-ignore lint/correctness/noUndeclaredDependencies: the root's, as the generators use it
import fc from 'fast-check'
import { lawInputs, laws } from '../../src/kernel/policy/testing/laws.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
})
const start = performance.now()
const everyLaw = fc.property(lawInputs(), (input) => {
  for (const { name, check } of laws) {
    try {
      check(input)
    } catch (cause) {
      throw new Error(`broken: ${name}`, { cause })
    }
  }
})
fc.assert(everyLaw, {
  numRuns: Number(values.runs),
  ...(values.seed !== undefined && { seed: Number(values.seed) }),
})
const seconds = ((performance.now() - start) / 1000).toFixed(0)
console.log(`${values.runs} cases in ${seconds} s, and every law holds:`)
for (const { name } of laws) console.log(`  ${name}`)
