/** STS: the border check. Its operations, and the two ways in which other parts of the lab use it. */
import type { Clock } from '../../kernel/clock.ts'
import { HeaderMemo } from '../../kernel/jwt/jws.ts'
import { SigningKeys } from '../../kernel/sigv4/signing-key.ts'
import type { Credentials } from '../caller.ts'
import type { AwsService, Refusal } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import { loadModel } from '../protocol/load-model.ts'
import { assumeRoleForService, type ServiceSessionRequest } from './assume-role-for-service.ts'
import { constraints } from './constraints.ts'
import type { StsDeps } from './deps.ts'
import { type EksTokenIdentity, verifyEksToken } from './eks-token.ts'
import type { OperationName } from './operation-names.gen.ts'
import { assumeRole } from './operations/assume-role.ts'
import { assumeRoleWithWebIdentity } from './operations/assume-role-with-web-identity.ts'
import { decodeAuthorizationMessage } from './operations/decode-authorization-message.ts'
import { getAccessKeyInfo } from './operations/get-access-key-info.ts'
import { getCallerIdentity } from './operations/get-caller-identity.ts'
import { getFederationToken } from './operations/get-federation-token.ts'
import { getSessionToken } from './operations/get-session-token.ts'
import { getWebIdentityToken } from './operations/get-web-identity-token.ts'

export const operations = {
  AssumeRole: assumeRole,
  AssumeRoleWithSAML: 'not-implemented',
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  AssumeRoot: 'not-implemented',
  DecodeAuthorizationMessage: decodeAuthorizationMessage,
  GetAccessKeyInfo: getAccessKeyInfo,
  GetCallerIdentity: getCallerIdentity,
  GetDelegatedAccessToken: 'not-implemented',
  GetFederationToken: getFederationToken,
  GetScopedCredentials: 'not-implemented',
  GetSessionToken: getSessionToken,
  GetWebIdentityToken: getWebIdentityToken,
} as const satisfies Record<OperationName, object | 'not-implemented'>

export interface StsOptions extends StsDeps {
  readonly clock: Clock
  /** Further clocks by which an EKS token may be fresh, as for the gateway. */
  readonly signatureClocks?: readonly { now(): number }[]
  /** True of a `host[:port]` at which the gateway answers: EKS tokens for other endpoints are refused. */
  readonly isOwnHost?: (host: string) => boolean
}

export interface Sts {
  readonly service: AwsService
  /** Credentials of a role for a service principal, or a Refusal (returned). Time is the lab clock's. */
  assumeRoleForService(request: Omit<ServiceSessionRequest, 'at'>): Credentials | Refusal
  /** Who an EKS token speaks for at this cluster, or why nobody. */
  verifyEksToken(
    token: string,
    clusterName: string,
  ): EksTokenIdentity | { readonly refused: string }
}

export function createSts(options: StsOptions): Sts {
  const { clock } = options
  const authenticator = {
    identities: options.identities,
    sessions: options.sessions,
    keys: new SigningKeys(1000),
    now: () => clock.now(),
    signatureClocks: [clock, ...(options.signatureClocks ?? [])].map((c) => () => c.now()),
  }
  const deps = { ...options, headers: new HeaderMemo() }
  const isOwnHost = options.isOwnHost ?? (() => false)
  return {
    service: bindService({ model: loadModel('sts'), operations, deps, constraints }),
    assumeRoleForService: (request) =>
      assumeRoleForService({ ...request, at: clock.now() }, options),
    verifyEksToken: (token, clusterName) =>
      verifyEksToken(token, clusterName, { authenticator, isOwnHost }),
  }
}
