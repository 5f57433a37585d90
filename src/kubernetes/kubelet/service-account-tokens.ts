/** The ServiceAccount tokens of one pod: asked for once, kept, renewed in time. */
import type { Clock } from '../../kernel/clock.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { KubernetesObject } from '../object.ts'
import { MountError, type TokenWish } from './volume-sources.ts'

const dayMs = 24 * 60 * 60 * 1000
/** How soon a renewal that failed is tried again. */
const retryMs = 60_000

interface KeptToken {
  readonly token: string
  readonly askedAt: number
  readonly expiresAt: number
  /** After a renewal that failed. */
  readonly retryAt?: number
}

/** A token is renewed when 80 % of its life are over, or it is a day old. */
function renewalAt({ askedAt, expiresAt, retryAt }: KeptToken): number {
  const due = Math.min(askedAt + 0.8 * (expiresAt - askedAt), askedAt + dayMs)
  return Math.max(due, retryAt ?? 0)
}

export class PodTokens {
  readonly #client: ClusterClient
  readonly #clock: Clock
  readonly #kept = new Map<string, KeptToken>()

  constructor(client: ClusterClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** The token for `wish`, as it was last fetched. */
  text(wish: TokenWish): string {
    const kept = this.#kept.get(wish.key)
    if (!kept) throw new MountError('failed to fetch token: none was fetched yet')
    return kept.token
  }

  /** When the next renewal is due; undefined when there is nothing to renew. */
  get nextRenewalAt(): number | undefined {
    const times = [...this.#kept.values()].map(renewalAt)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  /**
   * Fetches what is missing or due. Throws MountError when a token is neither to be had nor kept from before;
   * one that cannot be renewed is used as long as it lasts.
   */
  async fetch(pod: KubernetesObject, wishes: readonly TokenWish[]): Promise<void> {
    await Promise.all(wishes.map((wish) => this.#fetchOne(pod, wish)))
  }

  async #fetchOne(pod: KubernetesObject, wish: TokenWish): Promise<void> {
    const kept = this.#kept.get(wish.key)
    const now = this.#clock.now()
    if (kept && now < renewalAt(kept)) return
    const { name, namespace = 'default', uid } = pod.metadata
    const serviceAccount = pod['spec'].serviceAccountName ?? 'default'
    try {
      const { token, expirationTimestamp } = await this.#client.createToken(
        namespace,
        serviceAccount,
        {
          audiences: wish.audience === undefined ? [] : [wish.audience],
          expirationSeconds: wish.expirationSeconds,
          boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
        },
      )
      this.#kept.set(wish.key, { token, askedAt: now, expiresAt: expirationTimestamp })
    } catch (error) {
      if (!kept || kept.expiresAt <= now) {
        throw new MountError(`failed to fetch token: ${(error as Error).message}`, { cause: error })
      }
      this.#kept.set(wish.key, { ...kept, retryAt: now + retryMs })
    }
  }
}
