/** Credentials of pods as the agent keeps them: by token, renewed in the background, served while they have life left. */
import type { Clock } from '../kernel/clock.ts'

/** What a pod is given. `expiration` in ms since the epoch. */
export interface PodCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly accountId: string
  readonly expiration: number
}

/** Why EKS Auth gave none. */
export interface EksAuthRefusal {
  /** Undefined: there was no answer. */
  readonly status?: number
  readonly requestId: string
  readonly code: string
  readonly message: string
}

/** Asks EKS Auth, as the node. Never rejects. */
export type AssumeRoleForPodIdentity = (token: string) => Promise<PodCredentials | EksAuthRefusal>

const entriesMax = 2_000
const renewAfterMs = 3 * 60 * 60 * 1000
/** Credentials with less life than this are not given out. */
const lifeMsMin = 15_000
const renewalGapMs = 1000 / 3
const retryMs = 60_000

/** These will not go away by asking again: what is kept of the token is dropped. */
const final = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidTokenException',
  'ResourceNotFoundException',
])

/** What AWS's agent says of credentials that hardly live, instead of handing them on. */
function tooShort(lifeMs: number): EksAuthRefusal {
  const seconds = (lifeMs / 1000).toFixed(2)
  const message = `fetched credentials are expired or will expire within the next ${seconds} seconds`
  return { requestId: '', code: 'CredentialsExpired', message }
}

interface Entry {
  readonly credentials: PodCredentials
  renewal: Disposable
}

export interface PodIdentityCacheOptions {
  readonly clock: Clock
  readonly assume: AssumeRoleForPodIdentity
  /** 0 ≤ x < 1. */
  readonly random: () => number
}

/**
 * A deleted association is felt when its entry comes up for renewal, after up to three hours: so it is on EKS, where this
 * memory spares EKS Auth the requests of every process that starts.
 */
export class PodIdentityCache implements Disposable {
  readonly #options: PodIdentityCacheOptions
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>()
  readonly #asking = new Map<string, Promise<PodCredentials | EksAuthRefusal>>()
  #nextRenewal = 0
  #disposed = false

  constructor(options: PodIdentityCacheOptions) {
    this.#options = options
  }

  /** From memory, else from EKS Auth; requests for one token share an answer. */
  async get(token: string): Promise<PodCredentials | EksAuthRefusal> {
    const entry = this.#entries.get(token)
    if (entry && this.#lifeOf(entry.credentials) > lifeMsMin) {
      this.#entries.delete(token)
      this.#entries.set(token, entry)
      return entry.credentials
    }
    this.#drop(token)
    return this.#ask(token)
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    for (const token of [...this.#entries.keys()]) this.#drop(token)
  }

  #ask(token: string): Promise<PodCredentials | EksAuthRefusal> {
    const asking =
      this.#asking.get(token) ??
      this.#options
        .assume(token)
        .then((answer) => {
          if (!('accessKeyId' in answer)) return answer
          const life = this.#lifeOf(answer)
          if (life <= lifeMsMin) return tooShort(life)
          this.#keep(token, answer)
          return answer
        })
        .finally(() => this.#asking.delete(token))
    this.#asking.set(token, asking)
    return asking
  }

  #keep(token: string, credentials: PodCredentials): void {
    this.#drop(token)
    if (this.#disposed) return
    const renewal = this.#renewIn(token, Math.min(renewAfterMs, this.#lifeOf(credentials)))
    this.#entries.set(token, { credentials, renewal })
    if (this.#entries.size <= entriesMax) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#drop(oldest)
  }

  #renewIn(token: string, ms: number): Disposable {
    const { clock } = this.#options
    return clock.schedule(clock.now() + ms, () => {
      const entry = this.#entries.get(token)
      if (!entry) return
      // Three a second, however many fall due at once.
      const now = clock.now()
      const at = Math.max(now, this.#nextRenewal)
      this.#nextRenewal = at + renewalGapMs
      if (at <= now) void this.#renew(token)
      else entry.renewal = clock.schedule(at, () => void this.#renew(token))
    })
  }

  async #renew(token: string): Promise<void> {
    const answer = await this.#ask(token)
    const entry = this.#entries.get(token)
    if (!entry || 'accessKeyId' in answer) return
    if (final.has(answer.code)) this.#drop(token)
    else entry.renewal = this.#renewIn(token, retryMs * (1 + this.#options.random()))
  }

  #drop(token: string): void {
    this.#entries.get(token)?.renewal[Symbol.dispose]()
    this.#entries.delete(token)
  }

  #lifeOf({ expiration }: PodCredentials): number {
    return expiration - this.#options.clock.now()
  }
}
