/** Keeps the public keys of OIDC issuers: fetched over HTTPS when first needed, kept, and fetched again when they change. */
import type { Log } from '../audit/log.ts'
import type { IssuerKeys } from '../chain/links/token.ts'
import type { Clock } from '../kernel/clock.ts'
import type { VerificationKey } from '../kernel/jwt/jwk.ts'
import { createKeyFetch, type FetchedKeys, type KeyFetchOptions } from './key-fetch.ts'

export interface KeysRequest {
  /** The token's `iss`. */
  readonly issuer: string
  /** As registered with the provider: SHA-1, hex. */
  readonly thumbprints: readonly string[]
  readonly kid: string
}

export interface Verifier {
  /** The issuer's keys; a `kid` that is not among them makes one more fetch, unless the last was just now. Never rejects. */
  keysOf(request: KeysRequest): IssuerKeys | Promise<IssuerKeys>
  /** Drops what is known of an issuer (all of them without argument): the next request fetches. */
  forget(issuer?: string): void
}

export interface VerifierOptions extends KeyFetchOptions {
  readonly clock: Clock
  readonly log: Log
  /** Keys are used without asking for as long as the issuer says, but at most this long (ms), and this long if it does not say. */
  readonly freshMs?: number
  /**
   * One fetch of an issuer in this time (ms), beyond a first few: a stranger's tokens with made-up `kid`s cannot make us
   * hammer it, and a rotation is still seen at once.
   */
  readonly refreshFloorMs?: number
  /** How long keys are used on while the issuer does not answer (ms after the fetch). */
  readonly staleMs?: number
}

interface Entry {
  keys: readonly VerificationKey[]
  fetchedAt: number
  /** Until when the keys are used without asking. */
  freshUntil: number
  /** Fetches that may be made at once; one more comes back with each `refreshFloorMs`. */
  allowance: number
  /** Of the last fetch, also of a failed one. */
  triedAt: number
  lastFailure: Exclude<FetchedKeys, { kind: 'keys' }> | undefined
  flight: Promise<IssuerKeys> | undefined
}

const issuersMax = 10_000
const allowanceMax = 5

/** Creates the cache. Time is the lab's clock; sockets have their own limits. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { clock, log, freshMs = 3_600_000, refreshFloorMs = 5_000, staleMs = 86_400_000 } = options
  const fetchKeys = createKeyFetch(options)
  const entries = new Map<string, Entry>()

  function start(request: KeysRequest, entry: Entry): Promise<IssuerKeys> {
    if (entry.flight) return entry.flight
    entry.allowance = Math.max(0, allowanceOf(entry) - 1)
    entry.triedAt = clock.now()
    entry.flight = refresh(request, entry).finally(() => {
      entry.flight = undefined
    })
    return entry.flight
  }

  async function refresh({ issuer, thumbprints }: KeysRequest, entry: Entry): Promise<IssuerKeys> {
    const fetched = await fetchKeys({ issuer, thumbprints })
    if (fetched.kind === 'keys') {
      entry.keys = fetched.keys
      entry.fetchedAt = clock.now()
      entry.freshUntil = entry.fetchedAt + Math.min(fetched.maxAgeMs ?? freshMs, freshMs)
      entry.lastFailure = undefined
      log.debug({ issuer, keys: fetched.keys.length }, 'issuer keys fetched')
      return { kind: 'keys', keys: entry.keys, stale: false }
    }
    entry.lastFailure = fetched
    log.warn({ issuer, ...fetched }, 'issuer keys could not be fetched')
    return known(entry)
  }

  const allowanceOf = ({ allowance, triedAt }: Entry) =>
    Math.min(allowanceMax, allowance + Math.max(0, clock.now() - triedAt) / refreshFloorMs)

  const isUsable = ({ keys, fetchedAt, lastFailure }: Entry, now: number) =>
    // A certificate that no longer fits is an attack or a change of trust, not an outage: old keys do not help.
    keys.length > 0 && now - fetchedAt < staleMs && lastFailure?.kind !== 'thumbprint-mismatch'

  /** What there is without asking again. */
  function known(entry: Entry): IssuerKeys {
    const { keys, lastFailure } = entry
    if (isUsable(entry, clock.now()))
      return { kind: 'keys', keys, stale: lastFailure !== undefined }
    return lastFailure ?? { kind: 'unavailable', why: 'its keys are too old' }
  }

  return {
    keysOf(request) {
      const { issuer, kid } = request
      // Trust was established under these thumbprints: other ones fetch for themselves.
      const key = `${issuer} ${request.thumbprints.join()}`
      let entry = entries.get(key)
      if (!entry) {
        if (entries.size >= issuersMax) entries.clear()
        entry = newEntry()
        entries.set(key, entry)
      }
      const now = clock.now()
      const mayAsk = allowanceOf(entry) >= 1 || entry.flight !== undefined
      if (entry.keys.some((key) => key.kid === kid)) {
        if (!entry.lastFailure && (now < entry.freshUntil || !mayAsk)) return known(entry)
        if (entry.lastFailure && isUsable(entry, now)) {
          // The issuer is out: nobody waits for it, but it is asked again meanwhile.
          if (mayAsk) {
            start(request, entry).catch((error: unknown) => log.error({ issuer, error }, 'bug'))
          }
          return known(entry)
        }
      }
      // While nothing usable is known each call asks, so that the first one after an outage succeeds.
      return mayAsk || !isUsable(entry, now) ? start(request, entry) : known(entry)
    },
    forget(issuer) {
      if (issuer === undefined) entries.clear()
      else for (const key of entries.keys()) if (key.startsWith(`${issuer} `)) entries.delete(key)
    },
  }
}

function newEntry(): Entry {
  return {
    keys: [],
    fetchedAt: 0,
    freshUntil: 0,
    allowance: allowanceMax,
    triedAt: 0,
    lastFailure: undefined,
    flight: undefined,
  }
}
