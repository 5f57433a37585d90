/** Lint of conditions: keys that AWS does not have, operators that do not do what they seem to. */
import { parseOperator, scalarTexts } from './condition.ts'
import type { PolicyKind } from './decision.ts'
import { globalKeys } from './global-keys.ts'
import { type LintData, type LintFinding, warning } from './lint-finding.ts'
import { nearestName } from './nearest-name.ts'
import { type ConditionShape, conditionsOf, type StatementShape, textsOf } from './policy-shape.ts'

export function lintConditions(
  statement: StatementShape,
  kind: PolicyKind,
  data: LintData | undefined,
): LintFinding[] {
  const conditions = conditionsOf(statement)
  const allow = textsOf(statement.element('Effect'))[0]?.text === 'Allow'
  return [
    ...conditions.flatMap((condition) => [
      ...literalWildcard(condition),
      ...(allow ? vacuous(condition, conditions) : []),
      ...misplacedProvider(condition),
      ...(kind === 'trust' ? wrongSubject(condition) : []),
      ...(data ? unknownKey(condition, statement, kind, data) : []),
    ]),
    ...(kind === 'trust' && allow ? missingClaims(statement, conditions) : []),
  ]
}

/** StringEquals takes `*` as a star. */
function literalWildcard({ operator, values }: ConditionShape): LintFinding[] {
  const { base } = parseOperator(operator.text)
  if (!/^String(?:Not)?Equals(?:IgnoreCase)?$/.test(base)) return []
  const wild = scalarTexts(values).find((value) => /\*|\?/.test(value.replace(/\$\{[^}]*\}/g, '')))
  if (wild === undefined) return []
  const like = operator.text.replace(/Equals(?:IgnoreCase)?/, 'Like')
  const message = `${operator.text} compares \`${wild}\` letter by letter; wildcards need ${like}`
  return [warning('literal-wildcard', message, values, like)]
}

/** ForAllValues is true of a key that is not there. */
function vacuous(
  { operator, key }: ConditionShape,
  conditions: readonly ConditionShape[],
): LintFinding[] {
  if (parseOperator(operator.text).set !== 'all') return []
  const folded = key.text.toLowerCase()
  const guarded = conditions.some(
    (other) =>
      other.key.text.toLowerCase() === folded &&
      (/^Null$/i.test(other.operator.text) || parseOperator(other.operator.text).set === 'any'),
  )
  if (guarded) return []
  const message = `ForAllValues also holds where ${key.text} is missing`
  const suggestion = `"Null": {"${key.text}": "false"}`
  return [warning('for-all-values-without-key', message, operator.span, suggestion)]
}

/** Keys of OIDC conditions begin with the issuer's host and path, not with the provider's ARN or a scheme. */
function misplacedProvider({ key }: ConditionShape): LintFinding[] {
  const arn = /^arn:[^:]*:iam::\d*:oidc-provider\/(.+:\w+)$/.exec(key.text)
  const url = /^https?:\/\/(.+:\w+)$/.exec(key.text)
  const meant = arn?.[1] ?? url?.[1]
  if (meant === undefined) return []
  const what = arn ? "the provider's ARN" : 'a scheme'
  const message = `the condition key begins with ${what}; the issuer's host and path belong there`
  return [warning('provider-in-key', message, key.span, meant)]
}

/** `system:serviceaccount:namespace:name`, spelt exactly. */
function wrongSubject({ key, values }: ConditionShape): LintFinding[] {
  if (!/.:sub$/i.test(key.text)) return []
  return scalarTexts(values).flatMap((value) => {
    if (!/^system:service-?_?accounts?\b/i.test(value)) return []
    if (/^system:serviceaccount:[^:]+:[^:]+$/.test(value)) return []
    const message = `\`${value}\` is no subject of a service account`
    const suggestion = 'system:serviceaccount:<namespace>:<name>'
    return [warning('service-account-subject', message, values, suggestion)]
  })
}

/** A web identity's trust without `:sub` is trust in everybody whom the issuer knows. */
function missingClaims(
  { element, node }: StatementShape,
  conditions: readonly ConditionShape[],
): LintFinding[] {
  const web = textsOf(element('Action')).find(({ text }) =>
    /^sts:(?:assumerolewithwebidentity|assumerole\*|assume\*|\*)$/i.test(text),
  )
  const principal = element('Principal')?.value
  const federated =
    principal?.kind === 'object' && principal.members.some(({ key }) => key === 'Federated')
  if (!web || !federated) return []
  const has = (claim: string) =>
    conditions.some(({ key }) => key.text.toLowerCase().endsWith(`:${claim}`))
  const findings: LintFinding[] = []
  if (!has('sub')) {
    const message = 'no condition on `:sub`: every identity of the issuer may take this role'
    findings.push(warning('trust-without-subject', message, node))
  }
  if (!has('aud')) {
    const message = 'no condition on `:aud`: tokens meant for somebody else are taken, too'
    findings.push(warning('trust-without-audience', message, node))
  }
  return findings
}

const tokenClaims =
  /:(?:sub|aud|azp|amr|oaud|email|id|app_id|user_id|iss|namequalifier|doc|uid|cn)$/i

function unknownKey(
  { key }: ConditionShape,
  { element }: StatementShape,
  kind: PolicyKind,
  { services }: LintData,
): LintFinding[] {
  const name = key.text
  const colon = name.indexOf(':')
  const prefix = name.slice(0, Math.max(colon, 0)).toLowerCase()
  const fromToken = /[./]/.test(name.slice(0, name.lastIndexOf(':'))) || /^localhost/.test(name)
  if (colon < 0 || (kind === 'trust' && fromToken && tokenClaims.test(name))) return []
  if (fromToken && prefix !== 'aws' && !Object.hasOwn(services, prefix)) return []
  const ofActions = textsOf(element('Action') ?? element('NotAction'))
    .map(({ text }) => text.slice(0, Math.max(text.indexOf(':'), 0)).toLowerCase())
    .filter((service) => Object.hasOwn(services, service))
  const prefixes = new Set([prefix, ...ofActions])
  const known = [
    ...globalKeys,
    ...[...prefixes].flatMap((service) =>
      Object.hasOwn(services, service) ? (services[service]?.[1] ?? []) : [],
    ),
  ].map((each) => each.replace(/\[\]$/, ''))
  if (known.some((each) => meansKey(each, name))) return []
  const near = nearestName(name, known)
  return [warning('unknown-condition-key', `AWS has no condition key \`${name}\``, key.span, near)]
}

/** `aws:RequestTag/${TagKey}` means every key that begins like it. */
function meansKey(known: string, name: string): boolean {
  const [head = '', ...rest] = known.toLowerCase().split(/\$\{[^}]*\}|<[^>]*>|(?<=\/)tag-key$/)
  const folded = name.toLowerCase()
  if (rest.length === 0) return head === folded
  const tail = rest.at(-1) ?? ''
  return (
    folded.startsWith(head) && folded.endsWith(tail) && folded.length > head.length + tail.length
  )
}
