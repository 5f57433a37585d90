/** The signature algorithms of RFC 7518 §3 that identity tokens may use: asymmetric ones only. */

export type AlgorithmName = 'RS256' | 'RS384' | 'RS512' | 'ES256' | 'ES384' | 'ES512'

export interface Algorithm {
  readonly keyType: 'RSA' | 'EC'
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  /** Of EC: the JWK's `crv`; the algorithm allows no other. */
  readonly curve?: 'P-256' | 'P-384' | 'P-521'
  /** Of EC: bytes of r‖s. */
  readonly signatureBytes?: number
}

const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = {
  RS256: { keyType: 'RSA', hash: 'sha256' },
  RS384: { keyType: 'RSA', hash: 'sha384' },
  RS512: { keyType: 'RSA', hash: 'sha512' },
  ES256: { keyType: 'EC', hash: 'sha256', curve: 'P-256', signatureBytes: 64 },
  ES384: { keyType: 'EC', hash: 'sha384', curve: 'P-384', signatureBytes: 96 },
  ES512: { keyType: 'EC', hash: 'sha512', curve: 'P-521', signatureBytes: 132 },
}

export const algorithmNames = Object.keys(algorithms) as readonly AlgorithmName[]

/** Undefined for `none`, HS* and every other name. */
export function algorithmOf(name: unknown): Algorithm | undefined {
  return typeof name === 'string' && Object.hasOwn(algorithms, name)
    ? algorithms[name as AlgorithmName]
    : undefined
}
