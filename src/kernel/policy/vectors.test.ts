import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  AuthorizationRequest,
  Decision,
  PolicySet,
  PrincipalInput,
  StatementRef,
} from './decision.ts'
import { evaluate, readCase } from './policy.ts'
import { referenceDecision } from './testing/reference.ts'
import { readVectors } from './testing/vectors.ts'

const account = '111122223333'
const ann: PrincipalInput = {
  kind: 'user',
  account,
  arn: `arn:aws:iam::${account}:user/ann`,
  id: 'AIDAEXAMPLEANN000001',
}

/** Asks fast, explained and the reference, which must agree; gives the fast answer. */
function ask(request: AuthorizationRequest, policies: PolicySet): Decision {
  const fast = evaluate(request, policies)
  const { walk, ...explained } = evaluate(request, policies, { explain: true })
  assert.deepEqual(explained, fast)
  assert.ok(walk)
  const { decision, deniedBy } = referenceDecision(request, policies)
  assert.deepEqual([decision, deniedBy], [fast.decision, fast.deniedBy], 'the reference disagrees')
  return fast
}

/** A statement with these elements must count for both effects exactly where it `matches`. */
function checkStatement(
  elements: object,
  matches: boolean,
  version: string | null | undefined,
  request: Partial<AuthorizationRequest>,
): void {
  const asked = { principal: ann, action: 's3:GetObject', resource: '*', context: {}, ...request }
  for (const effect of ['Allow', 'Deny']) {
    const statement = { Effect: effect, Action: '*', Resource: '*', ...elements }
    const document = JSON.stringify({
      ...(version !== null && { Version: version ?? '2012-10-17' }),
      Statement: [statement],
    })
    const wanted = matches ? (effect === 'Allow' ? 'allowed' : 'explicitDeny') : 'implicitDeny'
    const answer = ask(asked, { identity: [{ name: 'p', document }] })
    assert.equal(answer.decision, wanted, document)
  }
}

interface ConditionVector {
  readonly operator: string
  readonly key: string
  readonly wanted: unknown
  readonly actual?: string | readonly string[]
  readonly matches: boolean
  readonly version?: string | null
  readonly context?: AuthorizationRequest['context']
}

describe('conditions', () => {
  for (const vector of readVectors<ConditionVector>('conditions')) {
    it(vector.name, () => {
      const { operator, key, wanted, actual, matches, version } = vector
      // In another case than the policy's, as the request may be.
      const given = actual === undefined ? {} : { [key.toLowerCase()]: actual }
      const block = `{${JSON.stringify(operator)}:{${JSON.stringify(key)}:${JSON.stringify(wanted)}}}`
      const context = { ...vector.context, ...given }
      checkStatement({ Condition: JSON.parse(block) as object }, matches, version, { context })
    })
  }
})

interface ResourceVector {
  readonly element: string
  readonly patterns: string | readonly string[]
  readonly resource: string
  readonly matches: boolean
  readonly version?: string | null
  readonly context?: AuthorizationRequest['context']
}

describe('resources', () => {
  for (const vector of readVectors<ResourceVector>('resources')) {
    it(vector.name, () => {
      const { element, patterns, resource, matches, version, context = {} } = vector
      const elements = { Resource: undefined, [element]: patterns }
      checkStatement(elements, matches, version, { resource, context })
    })
  }
})

interface ActionVector {
  readonly element: string
  readonly patterns: string | readonly string[]
  readonly action: string
  readonly matches: boolean
}

describe('actions', () => {
  for (const { name, element, patterns, action, matches } of readVectors<ActionVector>('actions')) {
    it(name, () => {
      checkStatement({ Action: undefined, [element]: patterns }, matches, undefined, { action })
    })
  }
})

interface PrincipalVector {
  readonly element: object
  readonly caller: PrincipalInput
  readonly match: 'none' | 'account' | 'role' | 'direct'
}

const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
})
const nothing = everything.replace('"Action":"*"', '"Action":"none:*"')

describe('principals', () => {
  for (const { name, element, caller, match } of readVectors<PrincipalVector>('principals')) {
    it(name, () => {
      const statement = { Effect: 'Allow', ...element, Action: 's3:*', Resource: '*' }
      const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
      const resource = { name: 'resource', document }
      const member = 'account' in caller
      const request = {
        principal: caller,
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::b/k',
        resourceAccount: account,
        context: {},
      }
      const decide = (policies: Omit<PolicySet, 'resource'>) =>
        ask(request, { ...policies, resource }).decision === 'allowed'
      // Root is allowed by itself; whether it is named shows where the resource's policy must allow.
      const resourcePolicyRequired = caller.kind === 'root'
      const alone = decide({ identity: [], resourcePolicyRequired })
      assert.equal(alone, match === 'direct' || match === 'role')
      const session = [{ name: 'session', document: nothing }]
      if (caller.kind === 'session')
        assert.equal(decide({ identity: [], session }), match === 'direct')
      if (!member) return
      const identity = [{ name: 'identity', document: everything }]
      assert.equal(decide({ identity, resourcePolicyRequired: true }), match !== 'none')
    })
  }
})

interface CombinationVector {
  readonly given: unknown
  readonly expect: {
    readonly decision: Decision['decision']
    readonly deniedBy?: string
    readonly reason?: string
    readonly determining?: readonly (readonly [type: string, policy: number, statement: number])[]
  }
}

describe('combination', () => {
  for (const { name, given, expect } of readVectors<CombinationVector>('combination')) {
    it(name, () => {
      const read = readCase(given)
      assert.ok(!('error' in read), JSON.stringify(read))
      const answer = ask(read.request, read.policies)
      assert.equal(answer.decision, expect.decision)
      assert.equal(answer.deniedBy, expect.deniedBy)
      if (expect.reason !== undefined) assert.equal(answer.reason, expect.reason)
      if (expect.determining) assert.deepEqual(answer.determining.map(place), expect.determining)
    })
  }
})

function place({ type, policy, index }: StatementRef) {
  return [type, Number(/\[(\d+)\]$/.exec(policy)?.[1] ?? 0), index]
}
