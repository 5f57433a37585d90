import { describe, it } from 'node:test'
import fc from 'fast-check'
import { lawInputs, laws } from './testing/laws.ts'

/** Few in the unit suite; `tools/differential/laws.ts` runs a million. */
const runs = Number(process.env['POLICY_LAW_RUNS'] ?? 300)

describe('laws of evaluation', () => {
  for (const { name, check } of laws) {
    it(name, () => {
      fc.assert(fc.property(lawInputs(), check), { numRuns: runs })
    })
  }
})
