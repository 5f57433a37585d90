// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt like that
/**
 * Holds our evaluator against iam-simulate's core over generated cases; any disagreement that is not one of the listed
 * faults fails, shrunk to its smallest form. Run: `node differential.ts [--runs 1000000] [--seed N]`.
 */
import { parseArgs } from 'node:util'
// biome-ignore lint/correctness/noUndeclaredDependencies: the root's, as the generators use it
import fc from 'fast-check'
import { evaluate, type PolicySet } from '../../src/kernel/policy/policy.ts'
import { cases, type GeneratedCase } from '../../src/kernel/policy/testing/generate.ts'
import { everything, type Profile } from '../../src/kernel/policy/testing/profile.ts'
import { principalLevel } from '../../src/kernel/policy/testing/reference-principal.ts'
import { isInstalled, loadOracle } from './iam-simulate.ts'

/** Generated around: see docs/differences.md, "Policy engine", for each. */
const profile: Profile = {
  ...everything,
  oddKeys: false,
  oldVersions: false,
  oddValues: false,
  allCallers: false,
  allPrincipals: false,
  cornerConditions: false,
}

interface Known {
  readonly fault: string
  readonly explains: (given: GeneratedCase, ours: string, theirs: string) => boolean
}

/** Disagreements whose cause is known to be the oracle's. */
const known: readonly Known[] = [
  {
    fault:
      'a silent session policy denies even where the resource policy names the session or everyone',
    explains: ({ request, policies }, ours, theirs) =>
      ours === 'allowed' &&
      theirs === 'implicitDeny' &&
      !!policies.session &&
      level(request, policies) === 3,
  },
  {
    fault:
      'a KMS key without a policy is denied: the core takes the missing policy for an empty one',
    explains: ({ request, policies }, _ours, theirs) =>
      theirs === 'implicitDeny' &&
      !policies.resource &&
      /^kms:/i.test(request.action) &&
      request.resource.includes(':key/'),
  },
  {
    fault:
      'NotResource, ArnNot…: a variable without value in a pattern that another field rules out',
    explains: (given, _ours, theirs) =>
      [[notResources], [arnNots], [notResources, arnNots]].some(
        (forms) => evaluate(given.request, otherwise(given, forms)).decision === theirs,
      ),
  },
  {
    fault: 'only the first of several session policies is taken',
    explains: ({ policies }) => (policies.session?.length ?? 0) > 1,
  },
]

const notResources = /\\"NotResource\\":(?:\[.*?\]|\\".*?\\")/g
const arnNots = /\\"[A-Za-z:]*ArnNot[A-Za-z]+\\":\{.*?\}(?=[,}])/g

/** The policies as if variables without value, in elements of the given forms, had one that no resource bears. */
function otherwise({ policies }: GeneratedCase, forms: readonly RegExp[]): PolicySet {
  let text = JSON.stringify(policies)
  for (const form of forms) {
    text = text.replace(form, (element) => element.replace(/\$\{([^,}]+)\}/g, "${$1, '~nobody~'}"))
  }
  return JSON.parse(text) as PolicySet
}

function level(request: GeneratedCase['request'], policies: GeneratedCase['policies']): number {
  const { Statement } = JSON.parse(policies.resource?.document ?? '{"Statement":[]}') as {
    Statement: { Effect: string } | { Effect: string }[]
  }
  const list = Array.isArray(Statement) ? Statement : [Statement]
  return Math.max(
    0,
    ...list.map((statement) => principalLevel(request.principal, statement, false)),
  )
}

if (!isInstalled()) {
  console.log('skipped: iam-simulate is not installed (`npm ci` in tools/differential)')
} else {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '10000' }, seed: { type: 'string' } },
  })
  const oracle = await loadOracle()
  const counts = new Map<string, number>()
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const property = fc.property(cases(profile), (given) => {
    const ours = evaluate(given.request, given.policies).decision
    const theirs = oracle.prepare(given.request, given.policies)()
    if (ours === theirs) return count(`both ${ours}`)
    const fault = known.find((each) => each.explains(given, ours, theirs))?.fault
    if (!fault) throw new Error(`ours ${ours}, theirs ${theirs}`)
    return count(`listed: ${fault}`)
  })
  const start = performance.now()
  fc.assert(property, {
    numRuns: Number(values.runs),
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
  })
  const seconds = (performance.now() - start) / 1000
  console.log(`${values.runs} cases, no unexplained disagreement, ${seconds.toFixed(0)} s`)
  for (const [what, n] of [...counts].sort()) console.log(`${String(n).padStart(9)}  ${what}`)
}
