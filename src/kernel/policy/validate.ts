/** Checks a policy document as AWS does before it stores one. */
import type { PolicyProblem, ValidatePolicy } from './decision.ts'
import { parseJson } from './json.ts'
import { member } from './statement.ts'

/** Checks a document for its place: AWS's codes and texts; empty where AWS would take it. Never throws. */
export const validatePolicy: ValidatePolicy = (text, kind) => {
  const { node, problem } = parseJson(text)
  const malformed = (message: string): PolicyProblem[] => [
    { code: kind === 'resource' ? 'MalformedPolicy' : 'MalformedPolicyDocument', message },
  ]
  if (problem || node.kind !== 'object' || !member(node, 'Statement')) {
    return malformed('Syntax errors in policy.')
  }
  return []
}
