/** Lint of names that AWS does not have in the language itself: elements and operators, each with what was meant. */
import { parseOperator } from './condition.ts'
import type { JsonObject } from './json.ts'
import { type LintFinding, warning } from './lint-finding.ts'
import { nearestName } from './nearest-name.ts'
import {
  documentElements,
  isStorableOperator,
  type StatementShape,
  statementElements,
  storableOperators,
} from './policy-shape.ts'

export function lintDocumentElements(document: JsonObject): LintFinding[] {
  return unknownElements(document, documentElements)
}

export function lintElements({ node, element }: StatementShape): LintFinding[] {
  const condition = element('Condition')?.value
  const operators = condition?.kind === 'object' ? condition.members : []
  return [
    ...unknownElements(node, statementElements),
    ...operators.flatMap(({ key, keySpan }) => {
      if (isStorableOperator(key)) return []
      const near = nearestName(parseOperator(key).base, storableOperators())
      return [warning('unknown-operator', `there is no operator \`${key}\``, keySpan, near)]
    }),
  ]
}

function unknownElements(node: JsonObject, known: readonly string[]): LintFinding[] {
  return node.members.flatMap(({ key, keySpan }) =>
    known.includes(key)
      ? []
      : [
          warning(
            'unknown-element',
            `there is no element \`${key}\``,
            keySpan,
            nearestName(key, known),
          ),
        ],
  )
}
