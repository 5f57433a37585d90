/**
 * The IAM policy language by itself: `import { evaluate } from 'podpass/policy'`. Pure: no file, no socket, no clock.
 *
 *     const decision = evaluate(
 *       { principal: principalOf('arn:aws:iam::111122223333:user/ann')!, action: 's3:GetObject',
 *         resource: 'arn:aws:s3:::b/k', context: { 'aws:SourceIp': '192.0.2.1' } },
 *       { identity: [{ name: 'read', document: '{"Version":"2012-10-17","Statement":[…]}' }] },
 *       { explain: true },
 *     )
 *     decision.decision   // 'allowed' | 'explicitDeny' | 'implicitDeny'
 *     decision.walk       // every statement, and why it matched or did not
 */
export { type CaseAnswer, type CaseInput, evaluateCase, readCase } from './case.ts'
export { contextKeysOf } from './context-keys.ts'
export type * from './decision.ts'
export { createEvaluator, evaluate } from './evaluate.ts'
export { lintPolicy } from './lint.ts'
export type { LintData, LintFinding } from './lint-finding.ts'
export { type MatchedStatement, type Position, positionOf } from './matched-statements.ts'
export { policySize } from './policy-shape.ts'
export { principalOf } from './principal-input.ts'
export {
  type ContextEntry,
  type EvaluationResult,
  type ResourceResult,
  type Simulation,
  simulate,
} from './simulate.ts'
export { validatePolicy } from './validate.ts'
