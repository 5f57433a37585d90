/** The secrets that another service keeps here for its own resources: only it makes, rotates and deletes them. */
import { randomInt, randomUUID } from 'node:crypto'
import type { Scope, SecretRecord, Tags } from './records.ts'
import { secretArn } from './records.ts'
import type { SecretState } from './state.ts'

/** A secret that a service wants. */
export interface ManagedSecret extends Scope {
  /** `rds`; callers see it as the tag `aws:secretsmanager:owningService` too. */
  readonly owner: string
  /** `cluster`: the name is `<owner>!<kind>-<UUID>`. */
  readonly kind: string
  readonly description: string
  readonly value: string
  readonly kmsKeyId?: string | undefined
  readonly tags: Tags
  /** Ms since the epoch. */
  readonly at: number
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export class ManagedSecrets {
  readonly #state: SecretState

  constructor(state: SecretState) {
    this.#state = state
  }

  /** Answers its ARN. */
  async create(wanted: ManagedSecret): Promise<string> {
    const { account, region, owner, kmsKeyId, at } = wanted
    const name = `${owner}!${wanted.kind}-${randomUUID()}`
    const mark = Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')
    const secret: SecretRecord = {
      account,
      region,
      name,
      arn: secretArn(wanted, `${name}-${mark}`),
      description: wanted.description,
      owner,
      ...(kmsKeyId !== undefined && { kmsKeyId }),
      tags: { 'aws:secretsmanager:owningService': owner, ...wanted.tags },
      createdAt: at,
      changedAt: at,
      versions: [{ id: randomUUID(), value: wanted.value, stages: ['AWSCURRENT'], createdAt: at }],
    }
    await this.#state.create(secret)
    return secret.arn
  }

  /** Gives it another value; the one before stays as AWSPREVIOUS. One that is gone is no error. */
  async rotate(scope: Scope, arn: string, value: string, at: number): Promise<void> {
    const secret = this.#state.find(scope, arn)
    if (!secret) return
    await this.#state.change(scope, secret.name, (current) => {
      const [before] = current.versions
      return {
        ...current,
        changedAt: at,
        rotatedAt: at,
        versions: [
          { id: randomUUID(), value, stages: ['AWSCURRENT'], createdAt: at },
          ...(before ? [{ ...before, stages: ['AWSPREVIOUS'] as const }] : []),
        ],
      }
    })
  }

  /** At once, without a recovery window. One that is gone is no error. */
  async delete(scope: Scope, arn: string): Promise<void> {
    const secret = this.#state.find(scope, arn)
    if (secret) await this.#state.delete(scope, secret.name)
  }
}
