/** Decisions and their walks as people read them. */
import {
  type Decision,
  type ElementFinding,
  positionOf,
  type StatementFinding,
  type StatementRef,
} from '../../kernel/policy/policy.ts'

/** `statement 0 (Sid Read) of policy reader`. */
export function showStatement({ policy, index, sid }: StatementRef): string {
  return `statement ${index}${sid ? ` (Sid ${sid})` : ''} of \`${policy}\``
}

/** `allowed by statement 0 of …`, `explicitDeny by …`, `implicitDeny because no …`. */
export function showDecision({ decision, reason, determining }: Decision): string {
  if (decision === 'implicitDeny') return `${decision}   ${reason}`
  const by = determining.map(showStatement).join(', ')
  return by ? `${decision}   by ${by}` : decision
}

/** The statements that came nearest to deciding otherwise: each with the first element in its way. */
export function nearMisses({ walk = [], decision }: Decision, linesMax = 5): string[] {
  if (decision !== 'implicitDeny') return []
  return walk
    .filter((finding) => finding.effect === 'Allow' && !finding.matched)
    .map((finding) => ({ finding, missed: finding.elements.filter(({ matched }) => !matched) }))
    .filter(({ finding, missed }) => missed.length < finding.elements.length)
    .sort((a, b) => a.missed.length - b.missed.length)
    .slice(0, linesMax)
    .flatMap(({ finding, missed: [first] }) =>
      first ? [`${showStatement(finding)}: ${showMiss(first)}`] : [],
    )
}

function showMiss({ element, operator, key, wanted, actual, missing }: ElementFinding): string {
  const asks = `${element === 'Condition' ? `${operator} ${key}` : element} asks ${shorten(wanted)}`
  return missing
    ? `${asks}, the request does not have it`
    : `${asks}, the request has ${shorten(actual)}`
}

function shorten(values: readonly string[]): string {
  const shown = values.slice(0, 3).map((value) => `\`${value}\``)
  return shown.join(', ') + (values.length > 3 ? ` and ${values.length - 3} more` : '')
}

/** The whole walk, a line a statement and a line an element. */
export function showWalk(walk: readonly StatementFinding[]): string[] {
  return walk.flatMap((finding) => [
    `${finding.matched ? '✔' : '✘'} ${finding.type}: ${showStatement(finding)} (${finding.effect})`,
    ...finding.elements.map(({ element, operator, key, matched, wanted, actual, missing }) => {
      const what = element === 'Condition' ? `${operator} ${key}` : element
      const has = missing ? 'missing' : shorten(actual)
      return `    ${matched ? '✔' : '✘'} ${what.padEnd(12)} asks ${shorten(wanted)}   has ${has}`
    }),
  ])
}

/** `file:line:column`. */
export function showPlace(file: string, source: string, offset: number | undefined): string {
  if (offset === undefined) return file
  const { line, column } = positionOf(source, offset)
  return `${file}:${line}:${column}`
}
