/** An OIDC issuer of a test's own, outside the lab: its own authority, any claims, keys that come and go, and outages. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createCertificateAuthority, thumbprintOf } from '../../src/x509/authority.ts'

export type IssuerMode = 'serves' | 'answers-500' | 'hangs'

export interface TestIssuer extends AsyncDisposable {
  /** `https://localhost:<port>/issuer`. */
  readonly url: string
  /** SHA-1 of its authority's certificate, as a provider is registered with it. */
  readonly thumbprint: string
  mode: IssuerMode
  /** Requests for the key set so far. */
  readonly keyRequests: number
  /** Makes another key and signs with it from now on; the old ones stay in the key set until `retire`. */
  rotate(kid: string): void
  retire(kid: string): void
  /**
   * A token of `system:serviceaccount:default:reader`, good for an hour. Claims given replace its own (undefined
   * removes one), and so do members of the header; `key` signs in place of the active one.
   */
  token(
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
    key?: KeyObject,
  ): string
  /** The same with its payload as a JSON text, for what no object can say. */
  tokenOf(payload: string, header?: string | Readonly<Record<string, unknown>>): string
  /** The active public key: what an attacker has. */
  readonly publicPem: string
}

/** Starts it on a free port. */
export async function startTestIssuer(): Promise<TestIssuer> {
  const clock = { now: () => Date.now() }
  const authority = await createCertificateAuthority({ commonName: 'A test issuer', clock })
  const tls = await authority.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
  const keys = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>()
  let active = ''
  let url = ''
  let keyRequests = 0
  const state = { mode: 'serves' as IssuerMode }
  const server = createServer({ cert: tls.cert, key: tls.key }, (request, response) => {
    const path = request.url ?? ''
    if (path.endsWith('/keys')) keyRequests += 1
    answer(state.mode, response, path.endsWith('/keys') ? { keys: keySet() } : discovery())
  })
  const keySet = () =>
    [...keys].map(([kid, { publicKey }]) => {
      return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
    })
  const discovery = () => ({ issuer: url, jwks_uri: `${url}/keys` })
  const rotate = (kid: string) => {
    keys.set(kid, generateKeyPairSync('rsa', { modulusLength: 2048 }))
    active = kid
  }
  rotate('one')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://localhost:${(server.address() as AddressInfo).port}/issuer`
  const activeKey = () => {
    const pair = keys.get(active)
    if (!pair) throw new Error('no active key')
    return pair
  }
  const write = (header: string, payload: string, key?: KeyObject) => {
    const text = `${encode(header)}.${encode(payload)}`
    return `${text}.${signature(header, text, key ?? activeKey().privateKey)}`
  }
  return {
    get url() {
      return url
    },
    thumbprint: thumbprintOf(authority.certPem),
    get mode() {
      return state.mode
    },
    set mode(mode) {
      state.mode = mode
    },
    get keyRequests() {
      return keyRequests
    },
    get publicPem() {
      return activeKey().publicKey.export({ type: 'spki', format: 'pem' }).toString()
    },
    rotate,
    retire: (kid) => void keys.delete(kid),
    token(claims = {}, header = {}, key) {
      const iat = Math.floor(Date.now() / 1000)
      const own = {
        aud: ['sts.amazonaws.com'],
        exp: iat + 3600,
        iat,
        iss: url,
        nbf: iat,
        sub: 'system:serviceaccount:default:reader',
      }
      const head = JSON.stringify({ alg: 'RS256', kid: active, ...header })
      return write(head, JSON.stringify({ ...own, ...claims }), key)
    },
    tokenOf(payload, header = {}) {
      const head =
        typeof header === 'string'
          ? header
          : JSON.stringify({ alg: 'RS256', kid: active, ...header })
      return write(head, payload)
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(mode: IssuerMode, response: ServerResponse, document: object): void {
  if (mode === 'hangs') return
  response.statusCode = mode === 'serves' ? 200 : 500
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'max-age=60')
  response.end(mode === 'serves' ? JSON.stringify(document) : 'out of order')
}

/** By the header's `alg`: RS256 where it is none of ours. A secret key makes an HMAC, `none` an empty signature. */
function signature(header: string, text: string, key: KeyObject): string {
  const alg = /"alg":"([^"]*)"/.exec(header)?.[1] ?? 'RS256'
  if (/^none$/i.test(alg)) return ''
  if (key.type === 'secret') {
    return createHmac(`sha${alg.slice(2)}`, key)
      .update(text)
      .digest('base64url')
  }
  return sign(`sha${/\d+$/.exec(alg)?.[0] ?? '256'}`, Buffer.from(text), key).toString('base64url')
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
