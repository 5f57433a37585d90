/** `podpass policy diff`: which requests change their answer when a policy changes. */
import { type Decision, evaluate, readCase } from '../../kernel/policy/policy.ts'
import type { NamedCase } from './recorded.ts'

/** Where the two documents stand in each case. */
export const places = {
  identity: 'identityPolicies',
  boundary: 'permissionsBoundaries',
  session: 'sessionPolicy',
  resource: 'resourcePolicy',
  trust: 'resourcePolicy',
} as const

export type Place = keyof typeof places

export interface Comparison {
  readonly name: string
  readonly before: Decision
  readonly after: Decision
}

/**
 * Answers every request under both documents. A request's own policies stay beside them, in other places and, for
 * identity policies, in the same; a request that cannot be read is named in `unread`.
 */
export function compare(
  requests: readonly NamedCase[],
  before: string,
  after: string,
  place: Place,
): { readonly compared: Comparison[]; readonly unread: string[] } {
  const compared: Comparison[] = []
  const unread: string[] = []
  for (const { name, given } of requests) {
    const answers = [before, after].map((document, i) => {
      const policy = { name: i === 0 ? 'OLD' : 'NEW', document }
      const own = given[places[place]]
      const beside = place === 'identity' && own !== undefined ? [own].flat() : []
      const member = place === 'resource' || place === 'trust' ? policy : [...beside, policy]
      const read = readCase({ ...given, [places[place]]: member })
      return 'error' in read ? read : evaluate(read.request, read.policies, { explain: true })
    })
    const [old, now] = answers
    if (!old || !now) continue
    if ('error' in old) unread.push(`${name}: ${old.error}`)
    else if ('error' in now) unread.push(`${name}: ${now.error}`)
    else compared.push({ name, before: old, after: now })
  }
  return { compared, unread }
}
