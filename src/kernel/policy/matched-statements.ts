/** What a walk says in the terms of a simulation: matched statements with their positions, keys that nobody gave. */
import { isDerivedKey } from './context-key.ts'
import { contextKeysByStatement } from './context-keys.ts'
import type {
  AuthorizationRequest,
  Decision,
  PolicyInput,
  PolicySet,
  PolicyType,
  StatementFinding,
} from './decision.ts'
import { isNamed } from './request-view.ts'

/** Line and column from 1, as in AWS's `Position`. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface MatchedStatement {
  readonly policy: string
  readonly policyArn?: string
  readonly type: PolicyType
  readonly start: Position
  /** Just behind the statement's closing brace. */
  readonly end: Position
}

/** Every policy of the set by type and name: what a statement reference points into. */
export function documentsOf(policies: PolicySet): Map<string, string> {
  const documents = new Map<string, string>()
  const add = (type: PolicyType, inputs: readonly PolicyInput[] = []) => {
    for (const { name, arn, document } of inputs) {
      documents.set(documentKey(type, name, arn), document)
    }
  }
  add('identity', policies.identity)
  add('boundary', policies.boundary)
  add('session', policies.session)
  add('resource', policies.resource && [policies.resource])
  add('service-control', policies.serviceControl?.flat())
  add('resource-control', policies.resourceControl?.flat())
  return documents
}

function documentKey(type: PolicyType, name: string, arn: string | undefined): string {
  return JSON.stringify([type, name, arn])
}

type Documents = ReadonlyMap<string, string>

function documentOf(documents: Documents, { type, policy, policyArn }: StatementFinding): string {
  return documents.get(documentKey(type, policy, policyArn)) ?? ''
}

export function matchedStatements(
  decision: Decision,
  walk: readonly StatementFinding[],
  documents: Documents,
): MatchedStatement[] {
  if (decision.decision === 'implicitDeny') return []
  const effect = decision.decision === 'allowed' ? 'Allow' : 'Deny'
  return walk
    .filter((finding) => finding.matched && finding.effect === effect)
    .map((finding) => {
      const text = documentOf(documents, finding)
      const { start, end } = finding.span ?? { start: 0, end: 0 }
      return {
        policy: finding.policy,
        ...(finding.policyArn !== undefined && { policyArn: finding.policyArn }),
        type: finding.type,
        start: positionOf(text, start),
        end: positionOf(text, end),
      }
    })
}

/** Where an offset stands in a text. */
export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

/** Keys that statements about this action ask for, that nobody gave. */
export function missingContextValues(
  request: AuthorizationRequest,
  walk: readonly StatementFinding[],
  documents: Documents,
): string[] {
  const given = new Set(Object.keys(request.context).map((key) => key.toLowerCase()))
  const missing = new Map<string, string>()
  for (const finding of walk) {
    const action = finding.elements.find(({ element }) => /^(?:Not)?Action$/.test(element))
    if (!action?.matched) continue
    const keys = contextKeysByStatement(documentOf(documents, finding))[finding.index] ?? []
    for (const key of keys) {
      const folded = key.toLowerCase()
      const derived = isDerivedKey(folded) && isNamed(request.principal)
      if (!given.has(folded) && !derived) missing.set(folded, key)
    }
  }
  return [...missing.values()]
}

export function decisionDetails(
  policies: PolicySet,
  walk: readonly StatementFinding[],
): Partial<Record<PolicyType, Decision['decision']>> {
  const details: Partial<Record<PolicyType, Decision['decision']>> = {}
  const add = (type: PolicyType, isGiven: boolean) => {
    if (!isGiven) return
    const matched = walk.filter((finding) => finding.type === type && finding.matched)
    details[type] = matched.some(({ effect }) => effect === 'Deny')
      ? 'explicitDeny'
      : matched.length > 0
        ? 'allowed'
        : 'implicitDeny'
  }
  add('identity', policies.identity.length > 0)
  add('boundary', !!policies.boundary?.length)
  add('session', !!policies.session?.length)
  add('resource', policies.resource !== undefined)
  add('service-control', !!policies.serviceControl?.length)
  add('resource-control', !!policies.resourceControl?.length)
  return details
}
