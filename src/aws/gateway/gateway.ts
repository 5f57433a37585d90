/** The AWS front door: one port, all services, one pipeline. */
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Evaluate } from '../../kernel/policy/decision.ts'
import { SigningKeys } from '../../kernel/sigv4/signing-key.ts'
import type { Identities } from '../identities.ts'
import type { AwsService } from '../operation.ts'
import type { Sessions } from '../sessions.ts'
import { type OnePortServer, startOnePortServer } from './one-port-server.ts'
import { serve } from './pipeline.ts'
import type { PipelineDeps } from './progress.ts'
import { TrustedProxies } from './trusted-proxies.ts'
import { createTurn } from './turn.ts'

export interface GatewayOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** PEM. Without it only HTTP is spoken. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly services: readonly AwsService[]
  readonly identities: Identities
  readonly sessions: Sessions
  /** Judges the life of sessions, and the time that policies see. */
  readonly clock: Clock
  /** Further clocks by which a signature may be fresh: clients sign by their own. Default: only `clock`. */
  readonly signatureClocks?: readonly { now(): number }[]
  /** Regions that signatures may be scoped to, the endpoint's own first; absent: any, as one endpoint stands for all. */
  readonly regions?: readonly string[]
  readonly evaluate: Evaluate
  readonly audit: AuditLog
  readonly log: Log
  /** Where a request names none. */
  readonly region: string
  /** The account of anonymous requests. */
  readonly account: string
  /** Addresses and networks of proxies whose X-Forwarded-For counts. Default: none's. */
  readonly trustedProxies?: readonly string[]
}

/** Listens; disposing stops taking connections, lets requests in flight end, then closes. */
export async function startGateway(options: GatewayOptions): Promise<OnePortServer> {
  const { clock } = options
  const deps: PipelineDeps = {
    services: new Map(options.services.map((service) => [service.signingName, service])),
    authenticator: {
      identities: options.identities,
      sessions: options.sessions,
      keys: new SigningKeys(),
      now: () => clock.now(),
      signatureClocks: [clock, ...(options.signatureClocks ?? [])].map((c) => () => c.now()),
      ...(options.regions ? { regions: new Set(options.regions) } : {}),
    },
    evaluate: options.evaluate,
    audit: options.audit,
    turn: createTurn(),
    log: options.log,
    region: options.region,
    account: options.account,
    ...(options.trustedProxies?.length && { proxies: new TrustedProxies(options.trustedProxies) }),
  }
  return startOnePortServer({
    host: options.host,
    port: options.port,
    ...(options.tls ? { tls: options.tls } : {}),
    onRequest: (message, response) => void serve(message, response, false, deps),
    onContinue: (message, response) => void serve(message, response, true, deps),
  })
}
