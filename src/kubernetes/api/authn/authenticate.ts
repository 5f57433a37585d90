/** Authentication: a client certificate of the cluster's CA, a ServiceAccount's token, or an EKS token. */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { UserInfo } from '../../object.ts'
import type { ServiceAccountTokens } from '../service-account-tokens.ts'
import { unauthorized } from '../status.ts'

/** Answers who an EKS token (`k8s-aws-v1.…`) is, or undefined when it is not good. */
export type AuthenticateAws = (
  token: string,
) => Promise<UserInfo | undefined> | UserInfo | undefined

export interface AuthenticatorDeps {
  readonly tokens: ServiceAccountTokens
  readonly apiAudiences: readonly string[]
  readonly authenticateAws: AuthenticateAws
  /** Users of client certificates that were read, by connection; `null`: it has none. */
  readonly byConnection: WeakMap<TLSSocket, UserInfo | null>
}

/** Whoever gives no credentials. */
export const anonymous: UserInfo = {
  username: 'system:anonymous',
  groups: ['system:unauthenticated'],
}

/** Who makes this request. Without credentials: `system:anonymous`; with bad ones: 401. */
export async function authenticate(
  request: IncomingMessage,
  deps: AuthenticatorDeps,
): Promise<UserInfo> {
  const socket = request.socket as TLSSocket
  let byCertificate = deps.byConnection.get(socket)
  if (byCertificate === undefined) {
    byCertificate = certificateUser(socket) ?? null
    deps.byConnection.set(socket, byCertificate)
  }
  if (byCertificate) return byCertificate
  const header = request.headers.authorization
  if (header === undefined) return anonymous
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1]
  const user = token === undefined ? undefined : await tokenUser(token, deps)
  if (!user) throw unauthorized()
  return user
}

/** Who a bearer token is for the API's own audiences; undefined when it is not good. */
export async function tokenUser(
  token: string,
  deps: AuthenticatorDeps,
): Promise<UserInfo | undefined> {
  if (token.startsWith('k8s-aws-v1.')) {
    const user = await deps.authenticateAws(token)
    return user && { ...user, groups: withAuthenticated(user.groups) }
  }
  const verdict = deps.tokens.verify(token, deps.apiAudiences)
  return verdict && 'user' in verdict ? verdict.user : undefined
}

function certificateUser(socket: TLSSocket): UserInfo | undefined {
  const certificate = socket.getPeerCertificate?.()
  const subject = certificate?.subject
  if (!subject) return undefined
  if (!socket.authorized) throw unauthorized()
  const username = listOf(subject.CN)[0]
  if (!username) throw unauthorized()
  return { username, groups: withAuthenticated(listOf(subject.O)) }
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** Adds the group that everybody has who is known. */
export function withAuthenticated(groups: readonly string[]): string[] {
  return [...new Set([...groups, 'system:authenticated'])]
}
