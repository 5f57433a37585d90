/** The `aws-auth` ConfigMap: mapRoles, mapUsers and mapAccounts, read as aws-iam-authenticator reads them. */
import { createRequire } from 'node:module'
import type { Identity } from './principals.ts'

/** The ConfigMap's `data`. */
export type AwsAuthData = Readonly<Record<string, string>>

/** Who a caller is to Kubernetes; templates are not yet filled in. */
export interface Mapping {
  readonly username: string
  readonly groups: readonly string[]
}

interface Entry {
  readonly arn: string
  readonly mapping: Mapping
}

/**
 * Finds the mapping of an identity. Roles are compared without regard to case and without path, as AWS does: a
 * `rolearn` that carries a path never matches. A part that is no YAML list maps nobody.
 */
export function mapByAwsAuth(data: AwsAuthData, identity: Identity): Mapping | undefined {
  const wanted = identity.canonicalArn.toLowerCase()
  const roles = entries(data['mapRoles'], 'rolearn')
  const users = entries(data['mapUsers'], 'userarn')
  const found = [...roles, ...users].find(({ arn }) => arn.toLowerCase() === wanted)
  if (found) return found.mapping
  const accounts = parseList(data['mapAccounts']).map(String)
  if (!accounts.includes(identity.account)) return undefined
  return { username: identity.canonicalArn, groups: [] }
}

function entries(text: string | undefined, arnField: string): Entry[] {
  return parseList(text).flatMap((item): Entry[] => {
    if (typeof item !== 'object' || item === null) return []
    const fields = new Map(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value]))
    const arn = fields.get(arnField)
    if (typeof arn !== 'string') return []
    const username = fields.get('username')
    const groups = fields.get('groups')
    return [
      {
        arn,
        mapping: {
          username: typeof username === 'string' && username !== '' ? username : arn,
          groups: Array.isArray(groups) ? groups.map(String) : [],
        },
      },
    ]
  })
}

function parseList(text: string | undefined): readonly unknown[] {
  if (!text) return []
  // Loaded only when there is something to read: it takes 20 to 50 ms of a start.
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml')
  try {
    // Account ids with leading zeros must stay text; aliases could blow a small text up.
    const list: unknown = parse(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'silent' })
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}
