/** What the lint says, and what it must know of AWS. */
import type { Span } from './json.ts'

/** AWS's actions and condition keys by service prefix; keys with `[]` behind hold several values. */
export interface LintData {
  readonly services: Readonly<
    Record<string, readonly [actions: readonly string[], keys: readonly string[]]>
  >
}

export interface LintFinding {
  readonly severity: 'error' | 'warning'
  /** Kebab-case name of the rule; `refused` for what AWS would not store. */
  readonly rule: string
  readonly message: string
  readonly span?: Span
  /** What was probably meant. */
  readonly suggestion?: string
}

/** Makes a warning; the rules' way to speak. */
export function warning(
  rule: string,
  message: string,
  { start, end }: Span,
  suggestion?: string,
): LintFinding {
  const finding = { severity: 'warning', rule, message, span: { start, end } } as const
  return suggestion === undefined ? finding : { ...finding, suggestion }
}
