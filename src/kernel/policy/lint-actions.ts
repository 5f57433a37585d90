/** Lint of Action and NotAction: names that AWS does not have, grants wider than they read. */
import type { PolicyKind } from './decision.ts'
import { compileGlob, globPieces } from './glob.ts'
import { type LintData, type LintFinding, warning } from './lint-finding.ts'
import { nearestName } from './nearest-name.ts'
import { type StatementShape, type TextAt, textsOf } from './policy-shape.ts'

export function lintActions(
  { element }: StatementShape,
  kind: PolicyKind,
  data: LintData | undefined,
): LintFinding[] {
  const action = element('Action')
  const notAction = element('NotAction')
  const allow = textsOf(element('Effect'))[0]?.text === 'Allow'
  const findings: LintFinding[] = []
  if (allow && notAction && kind !== 'service-control') {
    const message = 'Allow with NotAction grants everything else, of every service'
    findings.push(warning('allow-not-action', message, notAction))
  }
  const resources = textsOf(element('Resource')).map(({ text }) => text)
  for (const each of textsOf(action ?? notAction)) {
    if (data) findings.push(...unknownAction(each, data))
    const passRole = /^iam:(?:passrole|\*|pass\*)$/i.test(each.text)
    if (allow && action && passRole && resources.includes('*') && !element('Condition')) {
      const message = 'whoever may pass every role can act as any of them'
      findings.push(warning('pass-any-role', message, each.span))
    }
  }
  return findings
}

function unknownAction({ text, span }: TextAt, { services }: LintData): LintFinding[] {
  const colon = text.indexOf(':')
  const service = text.slice(0, Math.max(colon, 0)).toLowerCase()
  const name = text.slice(colon + 1)
  if (colon < 0 || /[*?]/.test(service)) return []
  const actions = Object.hasOwn(services, service) ? services[service]?.[0] : undefined
  if (!actions) {
    const near = nearestName(service, Object.keys(services))
    const message = `AWS has no service \`${service}\``
    return [warning('unknown-service', message, span, near && `${near}:${name}`)]
  }
  const glob = compileGlob(globPieces(name.toLowerCase()))
  if (actions.some((each) => glob.matches(each.toLowerCase()))) return []
  if (/[*?]/.test(name)) {
    const message = `\`${text}\` matches no action of ${service}`
    return [warning('action-matches-nothing', message, span)]
  }
  const near = nearestName(name, actions)
  const message = `${service} has no action \`${name}\``
  return [warning('unknown-action', message, span, near && `${service}:${near}`)]
}
