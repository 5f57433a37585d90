/**
 * The facts of the roles that are asked for most, ready-made. A role's own records lie scattered over all of memory, the
 * more the more roles there are; these few lie together, so that 100,000 roles are as quick as ten.
 */
import type { RoleFacts } from '../identities.ts'

/** In one generation; so many roles act at the same time nowhere but in a test. */
const limit = 4_096

/** Remembers by ARN what `find` answers, until `version` changes. Those not asked for in a generation are forgotten. */
export class RecentRoles {
  readonly #find: (arn: string) => RoleFacts | undefined
  readonly #version: () => number
  #seen = -1
  #recent = new Map<string, RoleFacts>()
  #older = new Map<string, RoleFacts>()

  constructor(find: (arn: string) => RoleFacts | undefined, version: () => number) {
    this.#find = find
    this.#version = version
  }

  get(arn: string): RoleFacts | undefined {
    const version = this.#version()
    if (version !== this.#seen) {
      this.#seen = version
      this.#older.clear()
      this.#recent.clear()
    }
    const known = this.#recent.get(arn)
    if (known) return known
    const facts = this.#older.get(arn) ?? this.#find(arn)
    if (!facts) return undefined
    if (this.#recent.size >= limit) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(arn, facts)
    return facts
  }
}
