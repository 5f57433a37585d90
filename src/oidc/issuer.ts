/** A cluster's OIDC issuer: its signing keys, kept in the store, and the tokens and documents made with them. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../kernel/clock.ts'
import { readJwk, type VerificationKey } from '../kernel/jwt/jwk.ts'
import { parseToken, signToken, verifyToken } from '../kernel/jwt/jws.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { Issuer, PublicJwk } from './issuer-port.ts'

/** One key as an operator sees it. */
export interface IssuerKey {
  readonly kid: string
  /** Ms since the epoch. */
  readonly createdAt: number
  /** True of the one key that signs; the others only verify tokens that are still out. */
  readonly active: boolean
}

/** An issuer whose keys can be changed while it runs. */
export interface RotatingIssuer extends Issuer, Disposable {
  keys(): readonly IssuerKey[]
  /** Makes a new key and signs with it from now on; tokens of the old keys stay good until `retire`. Resolves when durable. */
  rotate(): Promise<IssuerKey>
  /** Takes a key out of the JWKS: its tokens are refused from then on. Throws an Error for the active or an unknown key. */
  retire(kid: string): Promise<void>
}

/** The document in the store. */
interface KeyDocument {
  readonly active: string
  readonly keys: readonly StoredKey[]
}

interface StoredKey {
  readonly kid: string
  readonly createdAt: number
  /** PKCS #8 PEM. Secret. */
  readonly privateKey: string
}

interface LoadedKey extends IssuerKey {
  readonly privateKey: KeyObject
  readonly verification: VerificationKey
  readonly jwk: PublicJwk
}

/** More keys than this at once are a mistake: retire some first. */
const keysMax = 20

/**
 * Opens the issuer whose keys lie under `<prefix>/issuer-keys`, making its first key where there is none. Other
 * processes' rotations are seen through the store's change feed. `url` is the tokens' `iss`, byte for byte.
 */
export async function openIssuer({
  store,
  prefix,
  url,
  clock,
}: {
  store: Store
  prefix: string
  url: string
  clock: Clock
}): Promise<RotatingIssuer> {
  const documentKey = `${prefix}/issuer-keys`
  if (!store.get<KeyDocument>(documentKey)) await createFirstKey(store, documentKey, clock)
  let loaded = new Map<string, LoadedKey>()
  const load = (document: KeyDocument) => {
    loaded = new Map(
      document.keys.map((key) => [key.kid, loadKey(key, key.kid === document.active)]),
    )
  }
  const opened = read(store, documentKey)
  load(opened.value)
  const feed = store.watch<KeyDocument>(documentKey, opened.revision, (event) => {
    if (event.key === documentKey && event.kind !== 'deleted') load(event.value)
  })

  /** Read, change, write; again where another process wrote in between. */
  async function change(edit: (document: KeyDocument) => KeyDocument): Promise<void> {
    for (;;) {
      const { value, revision } = read(store, documentKey)
      try {
        await store.update(documentKey, edit(value), revision)
        load(read(store, documentKey).value)
        return
      } catch (cause) {
        if (!(cause instanceof StoreError && cause.kind === 'conflict')) throw cause
      }
    }
  }
  const active = () => {
    for (const key of loaded.values()) if (key.active) return key
    throw new Error(`the issuer ${url} has no active key`)
  }
  return {
    url,
    sign(claims) {
      const { kid, privateKey } = active()
      return signToken({ claims, algorithm: 'RS256', kid, key: privateKey })
    },
    verifyOwn(text) {
      const token = parseToken(text)
      if ('fault' in token || token.claims['iss'] !== url) return undefined
      const key = loaded.get(token.kid)
      return key && verifyToken(token, key.verification) ? token.claims : undefined
    },
    discovery: () => discoveryDocument(url),
    jwks: () => ({ keys: [...loaded.values()].map(({ jwk }) => jwk) }),
    keys: () => [...loaded.values()].map(describe),
    async rotate() {
      const fresh = await newKey(clock)
      await change(({ keys }) => {
        if (keys.length >= keysMax) {
          throw new Error(`the issuer has ${keys.length} keys: retire old ones first`)
        }
        return { active: fresh.kid, keys: [...keys, fresh] }
      })
      return { kid: fresh.kid, createdAt: fresh.createdAt, active: true }
    },
    async retire(kid) {
      await change((document) => {
        if (!document.keys.some((key) => key.kid === kid)) throw new Error(`no key \`${kid}\``)
        if (document.active === kid) {
          throw new Error(`key \`${kid}\` is the one that signs: rotate first, then retire it`)
        }
        return { ...document, keys: document.keys.filter((key) => key.kid !== kid) }
      })
    },
    [Symbol.dispose]: () => feed[Symbol.dispose](),
  }
}

/** OpenID Connect Discovery's document with the members that EKS serves. */
function discoveryDocument(url: string): Readonly<Record<string, unknown>> {
  return {
    issuer: url,
    jwks_uri: `${url}/keys`,
    authorization_endpoint: 'urn:kubernetes:programmatic_authorization',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    claims_supported: ['sub', 'iss'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
}

function read(store: Store, key: string): { value: KeyDocument; revision: number } {
  const stored = store.get<KeyDocument>(key)
  if (!stored) throw new Error(`the issuer's keys are gone from the store: ${key}`)
  return stored
}

async function createFirstKey(store: Store, documentKey: string, clock: Clock): Promise<void> {
  const first = await newKey(clock)
  try {
    await store.create(documentKey, { active: first.kid, keys: [first] } satisfies KeyDocument)
  } catch (cause) {
    // Another process was first: its key is as good.
    if (!(cause instanceof StoreError && cause.kind === 'exists')) throw cause
  }
}

async function newKey(clock: Clock): Promise<StoredKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    kid: kidOf(publicKey),
    createdAt: clock.now(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Kubernetes' own rule: base64url of the SHA-256 of the key's DER. */
function kidOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('base64url')
}

function loadKey({ kid, createdAt, privateKey: pem }: StoredKey, active: boolean): LoadedKey {
  const privateKey = createPrivateKey(pem)
  const { n, e } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (!n || !e) throw new Error(`the issuer's key \`${kid}\` is no RSA key`)
  const jwk: PublicJwk = { use: 'sig', kty: 'RSA', kid, alg: 'RS256', n, e }
  const verification = readJwk(jwk)
  if ('problem' in verification) {
    throw new Error(`the issuer's key \`${kid}\` ${verification.problem}`)
  }
  return { kid, createdAt, active, privateKey, jwk, verification: verification.key }
}

function describe({ kid, createdAt, active }: LoadedKey): IssuerKey {
  return { kid, createdAt, active }
}
