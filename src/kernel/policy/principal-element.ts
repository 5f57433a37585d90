/** Principal and NotPrincipal: who a statement of a resource policy is about, and how closely it names the caller. */
import type { ElementFinding, PrincipalInput } from './decision.ts'
import type { JsonNode, Span } from './json.ts'
import type { RequestView } from './request-view.ts'

/**
 * How a principal element meets the caller. Rising: `ACCOUNT` delegates to the account's own policies, `ROLE` grants to
 * a role's sessions within boundary and session policy, `DIRECT` (the session, the user, everyone) grants by itself.
 */
export type PrincipalMatch = typeof NOBODY | typeof ACCOUNT | typeof ROLE | typeof DIRECT
export const NOBODY = 0
export const ACCOUNT = 1
export const ROLE = 2
export const DIRECT = 3

/** One principal as a policy writes it: `{"AWS": "…"}` gives type and value, `"*"` gives `*` and `*`. */
export interface NamedPrincipal {
  readonly type: string
  readonly value: string
  readonly span: Span
}

/** Lists the principals of an element; malformed parts are left out. */
export function principalsOf(node: JsonNode): NamedPrincipal[] {
  if (node.kind === 'string') return [{ type: '*', value: node.text, span: node }]
  if (node.kind !== 'object') return []
  return node.members.flatMap((member) => {
    const values = member.value.kind === 'array' ? member.value.items : [member.value]
    return values.flatMap((value) =>
      value.kind === 'string' ? [{ type: member.key, value: value.text, span: value }] : [],
    )
  })
}

const rootArn = /^arn:[^:]+:iam::(\d{12}):root$/
const accountNumber = /^\d{12}$/

/** The account that `123456789012` or `arn:aws:iam::123456789012:root` names. */
export function accountPrincipal(value: string): string | undefined {
  return accountNumber.test(value) ? value : rootArn.exec(value)?.[1]
}

export class PrincipalElement {
  readonly #element: 'Principal' | 'NotPrincipal'
  readonly #span: Span
  readonly #principals: readonly NamedPrincipal[]
  #anyone = false
  readonly #accounts = new Set<string>()
  /** ARNs and unique ids of users, roles and sessions. */
  readonly #names = new Set<string>()
  readonly #services = new Set<string>()
  readonly #federated = new Set<string>()
  readonly #canonical = new Set<string>()

  readonly #denies: boolean

  /** `denies`: whether the statement's effect is Deny. */
  constructor(element: 'Principal' | 'NotPrincipal', node: JsonNode, denies: boolean) {
    this.#element = element
    this.#denies = denies
    this.#span = { start: node.start, end: node.end }
    this.#principals = principalsOf(node)
    for (const principal of this.#principals) this.#add(principal)
  }

  match(view: RequestView): PrincipalMatch {
    const match = this.#match(view.principal)
    if (this.#element === 'Principal') return match
    // Whoever a Principal element would have meant is exempt; the statement is about everyone else. But a Deny exempts
    // nobody who has a permissions boundary: "Permissions boundaries for IAM entities", IAM user guide.
    if (this.#denies && view.bounded) return DIRECT
    return match === NOBODY ? DIRECT : NOBODY
  }

  explain(view: RequestView): ElementFinding {
    return {
      element: this.#element,
      matched: this.match(view) !== NOBODY,
      wanted: this.#principals.map(({ type, value }) =>
        type === '*' ? value : `${type}:${value}`,
      ),
      actual: callerNames(view.principal),
      span: this.#span,
    }
  }

  #add({ type, value }: NamedPrincipal): void {
    if (value === '*' && type !== 'CanonicalUser') {
      if (type === '*' || type === 'AWS') this.#anyone = true
      else if (type === 'Federated') this.#federated.add('*')
      else if (type === 'Service') this.#services.add('*')
      return
    }
    if (type === 'AWS') {
      const account = accountPrincipal(value)
      if (account) this.#accounts.add(account)
      else this.#names.add(value)
    } else if (type === 'Service') this.#services.add(value)
    else if (type === 'Federated') this.#federated.add(value)
    else if (type === 'CanonicalUser') this.#canonical.add(value)
  }

  #match(caller: PrincipalInput): PrincipalMatch {
    if (this.#anyone) return DIRECT
    switch (caller.kind) {
      case 'anonymous':
        return NOBODY
      case 'service':
        return has(this.#services, caller.service) ? DIRECT : NOBODY
      case 'federated':
        if (has(this.#federated, caller.provider)) return DIRECT
        return caller.alias !== undefined && this.#federated.has(caller.alias) ? DIRECT : NOBODY
      case 'root':
        return this.#names.has(caller.arn) || this.#namesAccount(caller) ? DIRECT : NOBODY
      case 'user':
        if (this.#names.has(caller.arn) || this.#names.has(caller.id)) return DIRECT
        return this.#namesAccount(caller) ? ACCOUNT : NOBODY
      case 'session':
        if (this.#names.has(caller.arn)) return DIRECT
        if (this.#names.has(caller.roleArn) || this.#names.has(caller.roleId)) return ROLE
        return this.#namesAccount(caller) ? ACCOUNT : NOBODY
    }
  }

  #namesAccount(caller: { readonly account: string; readonly canonicalUserId?: string }): boolean {
    if (this.#accounts.has(caller.account)) return true
    return caller.canonicalUserId !== undefined && this.#canonical.has(caller.canonicalUserId)
  }
}

function has(set: ReadonlySet<string>, name: string): boolean {
  return set.has(name) || set.has('*')
}

function callerNames(caller: PrincipalInput): string[] {
  switch (caller.kind) {
    case 'anonymous':
      return ['*']
    case 'service':
      return [caller.service]
    case 'federated':
      return [caller.provider]
    case 'session':
      return [caller.arn, caller.roleArn]
    default:
      return [caller.arn]
  }
}
