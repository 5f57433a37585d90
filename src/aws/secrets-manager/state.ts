/** Secrets Manager's documents in the store. */
import { allDocuments, changeDocument, deleteDocument } from '../../store/documents.ts'
import type { Store } from '../../store/store.ts'
import { refuse } from './errors.ts'
import { type Scope, type SecretRecord, secretArn, secretsPrefix } from './records.ts'

const markLength = 6

export class SecretState {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** By name, by ARN, or by an ARN without the six letters at its end, in the caller's account and region. */
  find(scope: Scope, id: string): SecretRecord | undefined {
    const prefix = secretArn(scope, '')
    if (!id.startsWith('arn:')) return this.#named(scope, id)
    if (!id.startsWith(prefix)) return undefined
    const rest = id.slice(prefix.length)
    const whole = this.#named(scope, rest.slice(0, -markLength - 1))
    return whole?.arn === id ? whole : this.#named(scope, rest)
  }

  /** All by name. */
  list(scope: Scope): SecretRecord[] {
    return allDocuments<SecretRecord>(this.#store, secretsPrefix(scope))
  }

  /** Throws a StoreError where there is one of that name. */
  async create(secret: SecretRecord): Promise<void> {
    await this.#store.create(secretsPrefix(secret) + secret.name, secret)
  }

  /** Undefined when it is gone. */
  change(
    scope: Scope,
    name: string,
    change: (current: SecretRecord) => SecretRecord,
  ): Promise<SecretRecord | undefined> {
    return changeDocument(this.#store, secretsPrefix(scope) + name, change, () =>
      refuse.InvalidRequestException({ text: 'The secret is being changed by others.' }),
    )
  }

  /** One that is gone already is as good. */
  async delete(scope: Scope, name: string): Promise<void> {
    await deleteDocument(this.#store, secretsPrefix(scope) + name)
  }

  #named(scope: Scope, name: string): SecretRecord | undefined {
    return this.#store.get<SecretRecord>(secretsPrefix(scope) + name)?.value
  }
}
