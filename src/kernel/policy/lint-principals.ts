/** Lint of principals: who is let in that nobody thought of. */
import type { PolicyKind } from './decision.ts'
import { type LintFinding, warning } from './lint-finding.ts'
import { type StatementShape, textsOf } from './policy-shape.ts'
import { principalsOf } from './principal-element.ts'

export function lintPrincipals({ element }: StatementShape, kind: PolicyKind): LintFinding[] {
  const allow = textsOf(element('Effect'))[0]?.text === 'Allow'
  const principal = element('Principal')
  const notPrincipal = element('NotPrincipal')
  const findings: LintFinding[] = []
  if (allow && notPrincipal) {
    const message = 'Allow with NotPrincipal grants to everyone else, anonymous callers included'
    findings.push(warning('allow-not-principal', message, notPrincipal))
  }
  const principals = principal ? principalsOf(principal.value) : []
  const open = principals.find(({ type, value }) => value === '*' && /^(?:\*|AWS)$/.test(type))
  if (allow && open && !element('Condition') && (kind === 'resource' || kind === 'trust')) {
    const message = 'everyone is allowed, without any condition'
    findings.push(warning('public', message, open.span))
  }
  for (const { type, value, span } of principals) {
    if (type !== 'Federated' || !/^https?:\/\//.test(value)) continue
    const suggestion = `arn:aws:iam::<account>:oidc-provider/${value.replace(/^https?:\/\//, '')}`
    const message = "the provider's ARN belongs here, not the issuer's URL"
    findings.push(warning('issuer-as-principal', message, span, suggestion))
  }
  return findings
}
