/** The principals that a trust policy names: checked when it is stored, kept by their unique ids. */
import { parseArn } from '../../kernel/arn.ts'
import { entityArn } from './names.ts'
import type { RoleRecord } from './records.ts'
import type { IamState } from './state.ts'

interface Statement {
  Principal?: unknown
  NotPrincipal?: unknown
}

const socialProviders = new Set([
  'accounts.google.com',
  'cognito-identity.amazonaws.com',
  'graph.facebook.com',
  'www.amazon.com',
])

/** What was found: the ids of the users and roles named, or the first principal that is none. */
export interface TrustPrincipals {
  readonly ids: Readonly<Record<string, string>>
  /** As IAM quotes it: `"AWS":"arn:aws:iam::…"`. */
  readonly invalid?: string
}

/**
 * Looks at each principal of a trust policy (valid JSON). Users and roles must exist in an account that is here;
 * whole accounts need not, since an account that is not here may well exist.
 */
export function readTrustPrincipals(state: IamState, document: string): TrustPrincipals {
  const ids: Record<string, string> = {}
  for (const [type, value] of principals(JSON.parse(document))) {
    const found = typeof value === 'string' ? check(state, type, value) : undefined
    if (!found) return { ids, invalid: `"${quotedType(type)}":"${String(value)}"` }
    if (found.id !== undefined) ids[String(value)] = found.id
  }
  return { ids }
}

/**
 * The trust policy as it counts now: a user who was renamed is named by the new ARN, and an entity that was deleted
 * (and perhaps made anew) by its old unique id, which nobody bears any more.
 */
export function effectiveTrustPolicy(
  state: IamState,
  { trustPolicy, trustIds }: Pick<RoleRecord, 'trustPolicy' | 'trustIds'>,
): string {
  if (!trustIds) return trustPolicy
  const moved = new Map(
    Object.entries(trustIds)
      .filter(([arn, id]) => findPrincipal(state, arn)?.id !== id)
      .map(([arn, id]) => [arn, renamedArn(state, arn, id) ?? id]),
  )
  if (moved.size === 0) return trustPolicy
  const document = JSON.parse(trustPolicy) as { Statement: Statement | Statement[] }
  const replace = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(replace) : (moved.get(String(value)) ?? value)
  for (const statement of statementsOf(document)) {
    for (const element of ['Principal', 'NotPrincipal'] as const) {
      const principal = statement[element] as Record<string, unknown> | undefined
      if (principal?.['AWS']) {
        statement[element] = { ...principal, AWS: replace(principal['AWS']) }
      }
    }
  }
  return JSON.stringify(document)
}

function* principals(document: unknown): Generator<[type: string, value: unknown]> {
  for (const { Principal, NotPrincipal } of statementsOf(document)) {
    for (const element of [Principal, NotPrincipal]) {
      if (typeof element !== 'object' || element === null) continue
      for (const [type, values] of Object.entries(element)) {
        for (const value of [values].flat()) yield [type, value]
      }
    }
  }
}

function statementsOf(document: unknown): Statement[] {
  const statements = (document as { Statement?: Statement | Statement[] }).Statement
  return [statements ?? []].flat()
}

/** What validatePolicy cannot know: whether there is such a user or role. */
function check(state: IamState, type: string, value: string): { id?: string } | undefined {
  if (type === 'AWS') {
    if (value === '*' || /^\d{12}$/.test(value)) return {}
    return findPrincipal(state, value) ?? (bearsId(state, value) ? {} : undefined)
  }
  if (type !== 'Federated') return {}
  const arn = /^arn:[^:]+:iam::\d{12}:(oidc|saml)-provider\/.+$/
  return socialProviders.has(value) || arn.test(value) ? {} : undefined
}

/** Looks through all accounts: only documents that were written with unique ids ask for it. */
function bearsId(state: IamState, id: string): boolean {
  const kind = id.startsWith('AROA') ? 'role' : id.startsWith('AIDA') ? 'user' : undefined
  if (!kind) return false
  return state
    .accounts()
    .some((account) => account.entities[kind].records().some((record) => record.id === id))
}

function findPrincipal(state: IamState, arn: string): { id?: string } | undefined {
  const parsed = parseArn(arn)
  if (!parsed || !/^\d{12}$/.test(parsed.account)) return undefined
  const { service, account, resource } = parsed
  if (service === 'iam' && resource === 'root') return {}
  const [kind, first = '', session] = resource.split('/')
  if (service === 'sts' && kind === 'assumed-role' && session) {
    return state.entry(account, 'role', first) ? {} : undefined
  }
  if (service === 'sts' && kind === 'federated-user' && first) return {}
  if (service !== 'iam' || (kind !== 'role' && kind !== 'user')) return undefined
  const name = resource.slice(resource.lastIndexOf('/') + 1)
  const record = state.entry(account, kind, name)?.record
  return record && entityArn(account, kind, record) === arn ? { id: record.id } : undefined
}

/** The ARN of the user who bears an id now; undefined where nobody does. Roles cannot be renamed. */
function renamedArn(state: IamState, arn: string, id: string): string | undefined {
  const account = parseArn(arn)?.account ?? ''
  const [name = ''] = state.account(account)?.usersById.of(id) ?? []
  const user = state.entry(account, 'user', name)?.record
  return user && entityArn(account, 'user', user)
}

function quotedType(type: string): string {
  return type === 'AWS' ? type : type.toUpperCase()
}
