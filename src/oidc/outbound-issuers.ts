/** Outbound federation: the tokens that STS signs for AWS identities, and the issuers, one an account, that vouch for them. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { signToken } from '../kernel/jwt/jws.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { PublicJwk, PublishedIssuer } from './issuer-port.ts'

export type OutboundAlgorithm = 'RS256' | 'ES384'

export interface OutboundIssuers extends Disposable {
  /** `iss` of the issuer with this id. */
  urlOf(id: string): string
  /** Signs claims that hold their own `iss`; the keys are made at the first call. */
  sign(claims: Readonly<Record<string, unknown>>, algorithm: OutboundAlgorithm): Promise<string>
  /** What is published for the issuer with this id. */
  published(id: string): PublishedIssuer
}

interface StoredKey {
  readonly algorithm: OutboundAlgorithm
  readonly kid: string
  /** PKCS #8 PEM. Secret. */
  readonly privateKey: string
}

interface LoadedKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: PublicJwk
}

type LoadedKeys = Readonly<Record<OutboundAlgorithm, LoadedKey>>

const documentKey = '/sts/outbound-keys'

/**
 * Opens the issuers. All accounts share the two keys, as all of AWS's issuers are the one STS; the issuer's URL tells
 * them apart. `origin`: `https://host[:port]`.
 */
export function openOutboundIssuers({
  store,
  origin,
}: {
  store: Store
  origin: string
}): OutboundIssuers {
  let loaded: LoadedKeys | undefined
  const load = (keys: readonly StoredKey[]) => {
    loaded = Object.fromEntries(keys.map((key) => [key.algorithm, loadKey(key)])) as LoadedKeys
  }
  const present = store.get<readonly StoredKey[]>(documentKey)
  if (present) load(present.value)
  const feed = store.watch<readonly StoredKey[]>(documentKey, store.revision(), (event) => {
    if (event.key === documentKey && event.kind !== 'deleted') load(event.value)
  })
  let making: Promise<void> | undefined
  const makeKeys = async () => {
    try {
      await store.create(documentKey, await newKeys())
    } catch (cause) {
      // Another process was first: its keys are as good.
      if (!(cause instanceof StoreError && cause.kind === 'exists')) throw cause
    }
    const stored = store.get<readonly StoredKey[]>(documentKey)
    if (stored) load(stored.value)
  }
  const urlOf = (id: string) => `${origin}/outbound/${id}`
  return {
    urlOf,
    async sign(claims, algorithm) {
      if (!loaded) {
        making ??= makeKeys().finally(() => {
          making = undefined
        })
        await making
      }
      const key = loaded?.[algorithm]
      if (!key) throw new Error(`there is no key for ${algorithm}`)
      return signToken({ claims, algorithm, kid: key.kid, key: key.privateKey })
    },
    published: (id) => ({
      url: urlOf(id),
      discovery: () => discoveryDocument(urlOf(id)),
      jwks: () => ({ keys: Object.values(loaded ?? {}).map(({ jwk }) => jwk) }),
    }),
    [Symbol.dispose]: () => feed[Symbol.dispose](),
  }
}

/** With the members that AWS's issuers serve (seen in a public test of forgejo's, 2026). */
function discoveryDocument(url: string): Readonly<Record<string, unknown>> {
  return {
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks.json`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'jti', 'https://sts.amazonaws.com/'],
    id_token_signing_alg_values_supported: ['RS256', 'ES384'],
    subject_types_supported: ['public'],
  }
}

async function newKeys(): Promise<readonly StoredKey[]> {
  const generate = promisify(generateKeyPair)
  const [rsa, ec] = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-384' }),
  ])
  const pem = ({ privateKey }: { privateKey: KeyObject }) =>
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return [
    { algorithm: 'RS256', kid: 'RSA_0', privateKey: pem(rsa) },
    { algorithm: 'ES384', kid: 'EC384_0', privateKey: pem(ec) },
  ]
}

function loadKey({ algorithm, kid, privateKey: pem }: StoredKey): LoadedKey {
  const privateKey = createPrivateKey(pem)
  const { kty = '', n, e, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  const members = { ...(n && e ? { n, e } : {}), ...(crv && x && y ? { crv, x, y } : {}) }
  return { kid, privateKey, jwk: { kty, use: 'sig', alg: algorithm, kid, ...members } }
}
