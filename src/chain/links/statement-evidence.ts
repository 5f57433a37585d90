/** Picks out of an explained decision what a reader wants to see: the closest statement and the values that differ. */
import type {
  Decision,
  ElementFinding,
  PolicyType,
  StatementFinding,
  StatementRef,
} from '../../kernel/policy/decision.ts'
import type { Evidence } from '../verdict.ts'

const maxValues = 8

/** The statements that denied, as the walk saw them. */
export function denyingStatements(decision: Decision): StatementFinding[] {
  return (decision.walk ?? []).filter((s) => s.effect === 'Deny' && s.matched)
}

/** The Allow statement of a layer that came nearest to matching; undefined where none fits even by half. */
export function closestStatement(
  decision: Decision,
  type: PolicyType,
): StatementFinding | undefined {
  let closest: StatementFinding | undefined
  let best = 0
  for (const statement of decision.walk ?? []) {
    if (statement.type !== type || statement.effect !== 'Allow' || statement.matched) continue
    const score = closeness(statement.elements)
    if (score > best) {
      best = score
      closest = statement
    }
  }
  return closest
}

/** One line per element that did not match: what the policy asks for, what the request has. */
export function evidenceOf(statement: StatementFinding): Evidence[] {
  const source = statementName(statement)
  const differing = statement.elements.filter((element) =>
    statement.effect === 'Deny' ? element.matched : !element.matched,
  )
  return differing.map((element) => ({
    source,
    key: element.key ?? element.element,
    ...(element.operator === undefined ? {} : { operator: element.operator }),
    wanted: list(element.wanted),
    actual: element.missing ? '(missing)' : list(element.actual),
  }))
}

/** `statement 2 (\`ReadOnly\`) of \`AmazonS3ReadOnlyAccess\``; statements are counted from 1. */
export function statementName(statement: StatementRef): string {
  const sid = statement.sid ? ` (\`${statement.sid}\`)` : ''
  return `statement ${statement.index + 1}${sid} of \`${statement.policy}\``
}

/** A matched action says most about what the author meant, then principal, resource, conditions. */
function closeness(elements: readonly ElementFinding[]): number {
  let score = 0
  for (const { element, matched } of elements) {
    if (!matched) continue
    score += element === 'Action' || element === 'NotAction' ? 8 : element === 'Condition' ? 1 : 3
  }
  // A matching `Resource: *` alone is no nearness.
  return score > 3 ? score : 0
}

function list(values: readonly string[]): string {
  const shown = values.slice(0, maxValues).join(', ')
  return values.length > maxValues ? `${shown}, and ${values.length - maxValues} more` : shown
}
