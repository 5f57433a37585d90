/** Warns of what AWS accepts but nobody means. Validation's refusals come first, as errors. */
import type { PolicyKind } from './decision.ts'
import { parseJson, type Span } from './json.ts'
import { lintActions } from './lint-actions.ts'
import { lintConditions } from './lint-conditions.ts'
import { lintDocumentElements, lintElements } from './lint-elements.ts'
import { type LintData, type LintFinding, warning } from './lint-finding.ts'
import { lintPrincipals } from './lint-principals.ts'
import { statementShapes, textsOf } from './policy-shape.ts'
import { member } from './statement.ts'
import { validatePolicy } from './validate.ts'

/**
 * Lints a document. `kind`: where it is to be stored. `data`: AWS's actions and keys, read by the caller; without it
 * names are not checked. Never throws.
 */
export function lintPolicy(text: string, kind: PolicyKind, data?: LintData): LintFinding[] {
  const refusals = validatePolicy(text, kind).map(({ code, message, span }): LintFinding => {
    const finding = { severity: 'error', rule: 'refused', message: `${code}: ${message}` } as const
    return span ? { ...finding, span } : finding
  })
  const { node, problem } = parseJson(text)
  if (node?.kind !== 'object') {
    const found = problem
      ? [{ severity: 'error', rule: 'json', message: problem.detail, span: problem.span } as const]
      : []
    return [...found, ...refusals]
  }
  const version = member(node, 'Version')
  const variables = version?.kind === 'string' && version.text === '2012-10-17'
  const findings = statementShapes(node).flatMap((statement) => [
    ...lintElements(statement),
    ...lintActions(statement, kind, data),
    ...lintConditions(statement, kind, data),
    ...lintPrincipals(statement, kind),
    ...(variables ? [] : literalVariables(textsOf(statement.element('Resource')))),
  ])
  return [...refusals, ...lintDocumentElements(node), ...findings]
}

function literalVariables(texts: readonly { text: string; span: Span }[]): LintFinding[] {
  return texts
    .filter(({ text }) => text.includes('${'))
    .map(({ span }) =>
      warning(
        'variable-without-version',
        'variables are literal text unless the document has "Version": "2012-10-17"',
        span,
      ),
    )
}
