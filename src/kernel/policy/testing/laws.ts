/** The laws of evaluation, by name: each a property over generated cases. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Decision, PolicyInput, PolicySet, StatementFinding } from '../decision.ts'
import { evaluate } from '../evaluate.ts'
import { cases, documents, type GeneratedCase } from './generate.ts'
import { everything } from './profile.ts'
import { referenceDecision } from './reference.ts'

/** What a law is asked about: a case, and one more document for it. */
export interface LawInput {
  readonly given: GeneratedCase
  readonly document: string
  readonly layer: 'boundary' | 'session'
}

export interface Law {
  readonly name: string
  /** Throws where the law does not hold. */
  readonly check: (input: LawInput) => void
}

/** Inputs for any law. */
export function lawInputs(): fc.Arbitrary<LawInput> {
  return fc.record({
    given: cases(),
    document: documents(everything),
    layer: fc.constantFrom('boundary', 'session'),
  })
}

const rank = { explicitDeny: 0, implicitDeny: 1, allowed: 2 } as const

function withIdentity(policies: PolicySet, document: string): PolicySet {
  const extra: PolicyInput = { name: 'extra', document }
  return { ...policies, identity: [...policies.identity, extra] }
}

const decide = ({ request, policies }: GeneratedCase): Decision['decision'] =>
  evaluate(request, policies).decision

const only = (document: string, effect: string): string => {
  const { Statement, ...rest } = JSON.parse(document) as {
    Statement: { Effect: string }[] | { Effect: string }
  }
  const list = Array.isArray(Statement) ? Statement : [Statement]
  return JSON.stringify({ ...rest, Statement: list.map((each) => ({ ...each, Effect: effect })) })
}

const element = (finding: StatementFinding) =>
  finding.matched === finding.elements.every(({ matched }) => matched)

export const laws: readonly Law[] = [
  {
    name: 'the compiled evaluator answers as the reference does',
    check: ({ given: { request, policies } }) => {
      const { decision, deniedBy } = evaluate(request, policies)
      assert.deepEqual(
        { decision, ...(deniedBy && { deniedBy }) },
        referenceDecision(request, policies),
      )
    },
  },
  {
    name: 'the explaining run is the fast run, and its walk accounts for the decision',
    check: ({ given: { request, policies } }) => {
      const { walk = [], ...explained } = evaluate(request, policies, { explain: true })
      assert.deepEqual(explained, evaluate(request, policies))
      assert.ok(walk.every(element))
      for (const ref of explained.determining) {
        const found = walk.filter(
          (f) => f.type === ref.type && f.policy === ref.policy && f.index === ref.index,
        )
        assert.ok(
          found.some(
            ({ matched, effect }) =>
              matched && (effect === 'Allow') === (explained.decision === 'allowed'),
          ),
        )
      }
    },
  },
  {
    name: 'adding a Deny never turns a deny into an allow',
    check: ({ given, document }) => {
      const more = { ...given, policies: withIdentity(given.policies, only(document, 'Deny')) }
      assert.ok(rank[decide(more)] <= rank[decide(given)])
    },
  },
  {
    name: 'adding an Allow never turns an allow into a deny, nor lifts an explicit deny',
    check: ({ given, document }) => {
      const [before, after] = [
        decide(given),
        decide({ ...given, policies: withIdentity(given.policies, only(document, 'Allow')) }),
      ]
      assert.ok(rank[after] >= rank[before])
      assert.equal(after === 'explicitDeny', before === 'explicitDeny')
    },
  },
  {
    name: 'a boundary or a session policy never widens',
    check: ({ given, document, layer }) => {
      const { boundary: _b, session: _s, ...bare } = given.policies
      const limited = { ...bare, [layer]: [{ name: layer, document }] }
      assert.ok(
        rank[decide({ ...given, policies: limited })] <= rank[decide({ ...given, policies: bare })],
      )
    },
  },
  {
    name: 'the order of policies does not matter to the decision',
    check: ({ given }) => {
      const { identity } = given.policies
      const turned = { ...given.policies, identity: identity.toReversed() }
      assert.equal(decide({ ...given, policies: turned }), decide(given))
    },
  },
  {
    name: 'the case of condition keys and actions does not matter',
    check: ({ given }) => {
      const context = Object.fromEntries(
        Object.entries(given.request.context).map(([key, value]) => [key.toUpperCase(), value]),
      )
      const request = { ...given.request, context, action: given.request.action.toUpperCase() }
      assert.equal(decide({ ...given, request }), decide(given))
    },
  },
  {
    name: 'nothing is allowed without an Allow',
    check: ({ given }) => {
      const { principal } = given.request
      if (principal.kind === 'root') return
      const identity = given.policies.identity.map((p) => ({
        ...p,
        document: only(p.document, 'Deny'),
      }))
      const { resource } = given.policies
      const policies = {
        ...given.policies,
        identity,
        ...(resource && { resource: { ...resource, document: only(resource.document, 'Deny') } }),
      }
      assert.notEqual(decide({ ...given, policies }), 'allowed')
    },
  },
]
