/** Puts into words why one statement of a trust policy did not let somebody in. */
import type { ElementFinding, StatementFinding } from '../../kernel/policy/decision.ts'
import type { Evidence } from '../verdict.ts'
import { evidenceOf } from './statement-evidence.ts'
import { serviceAccountOf } from './wording.ts'

export interface StatementExplanation {
  readonly summary: string
  readonly evidence: readonly Evidence[]
  /** Only where something other than a role of one's own is the way. */
  readonly fix?: string
}

/** Explains the Deny that hit, or the Allow that missed. `subject` is the token's. */
export function explainStatement(
  statement: StatementFinding,
  action: string,
  subject: string | undefined,
): StatementExplanation {
  const number = statement.index + 1
  const evidence = evidenceOf(statement)
  if (statement.effect === 'Deny') {
    return {
      summary: `statement ${number} denies it`,
      evidence,
      fix: 'a deny stands above every allow: change that statement, or use another role',
    }
  }
  const first = statement.elements.find(({ matched }) => !matched)
  if (!first) return { summary: `statement ${number} does not allow it`, evidence }
  switch (first.element) {
    case 'Principal':
    case 'NotPrincipal':
      return { summary: `statement ${number} trusts ${principalWords(first)}`, evidence }
    case 'Condition':
      return { ...explainCondition(first, number, subject), evidence }
    default:
      return {
        summary: `statement ${number} does not allow the action ${action}`,
        evidence,
        fix: `aws iam update-assume-role-policy: add ${action} to the statement's actions`,
      }
  }
}

function principalWords({ wanted, actual }: ElementFinding): string {
  const provider = (texts: readonly string[]) =>
    texts.some((one) => one.includes(':oidc-provider/'))
  if (provider(actual)) return provider(wanted) ? 'another OIDC provider' : 'no OIDC provider'
  return 'somebody else'
}

function explainCondition(
  finding: ElementFinding,
  number: number,
  subject: string | undefined,
): { summary: string; fix?: string } {
  const { key = '', operator = '', wanted, missing } = finding
  if (missing) {
    return {
      summary: `statement ${number} asks for \`${key}\`, which the request does not have`,
      ...misnamedKey(key),
    }
  }
  const name = key.slice(key.lastIndexOf(':') + 1).toLowerCase()
  const pattern = wanted.find((value) => /[*?]/.test(value))
  if (pattern && /StringEquals/i.test(operator) && !/Not/i.test(operator)) {
    return {
      summary: `${operator} compares \`${pattern}\` letter by letter: no ServiceAccount has that name`,
      fix: `aws iam update-assume-role-policy: StringLike instead of ${operator} (or name the ServiceAccount: safer)`,
    }
  }
  if (name === 'sub') {
    const known = subject === undefined ? undefined : serviceAccountOf(subject)
    return {
      summary: `statement ${number} asks for another ${known ? 'ServiceAccount' : 'subject'}`,
    }
  }
  if (name === 'aud') {
    const audience = wanted[0] ?? 'sts.amazonaws.com'
    return {
      summary: `statement ${number} asks for another audience`,
      fix: `kubectl annotate serviceaccount NAME eks.amazonaws.com/audience=${audience} --overwrite, then make the pod anew`,
    }
  }
  return { summary: `statement ${number} asks for another value of \`${key}\`` }
}

/** A condition key of another issuer never exists in this request. */
function misnamedKey(key: string): { fix?: string } {
  return /:(sub|aud)$/i.test(key)
    ? {
        fix: 'aws iam update-assume-role-policy: write the key with the issuer of this cluster (podpass get cluster shows it)',
      }
    : {}
}
