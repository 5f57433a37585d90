/** One request of a resource on its way through the server, and what its handlers stand on. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NodeAgent } from '../../cluster-client.ts'
import type { UserInfo } from '../../object.ts'
import type { AuthenticatorDeps } from '../authn/authenticate.ts'
import type { Authorizer } from '../authz/authorizer.ts'
import type { Kind, RequestContext } from '../kind.ts'
import type { Machinery } from '../machinery.ts'
import type { Schema } from '../schema/schema.ts'
import type { ServiceAccountTokens } from '../service-account-tokens.ts'
import type { FieldValidation } from './decode-object.ts'
import type { AnswerForm } from './negotiate.ts'
import type { ResourceRoute } from './route.ts'
import type { Upgrade } from './upgrade.ts'

export interface ApiDeps {
  readonly machinery: Machinery
  readonly tokens: ServiceAccountTokens
  readonly schema: Schema
  readonly authenticator: AuthenticatorDeps
  readonly authorizers: readonly Authorizer[]
  readonly nodeAgent: () => NodeAgent | undefined
  /** Aborted when the server closes: watches and followed logs end. */
  readonly closing: AbortSignal
}

export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Present where the client asks for a WebSocket, and the path is one that can become one. */
  readonly upgrade?: Upgrade
  readonly query: URLSearchParams
  readonly route: ResourceRoute
  readonly verb: string
  readonly user: UserInfo
  readonly context: RequestContext
  readonly form: AnswerForm
  readonly validation: FieldValidation
}

/** A call of a kind that is stored. */
export interface KindCall extends Call {
  readonly kind: Kind
}
