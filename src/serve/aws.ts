/** Composition root of `podpass serve aws`: IAM, STS and CloudTrail's look-up for many processes behind one address. */
import type { Log } from '../audit/log.ts'
import { openAuditLog } from '../audit/segmented-audit-log.ts'
import { createCloudTrail } from '../aws/cloudtrail/service.ts'
import { startGateway } from '../aws/gateway/gateway.ts'
import { type Iam, openIam } from '../aws/iam/iam.ts'
import { fetchThumbprint, type Reach } from '../aws/iam/thumbprint.ts'
import type { AwsService } from '../aws/operation.ts'
import { everyRegion, globalRegion, regionsOf } from '../aws/regions.ts'
import { createSts } from '../aws/sts/service.ts'
import type { ServeAwsConfig } from '../config/serve.ts'
import { readServeFiles, type ServeFiles } from '../config/serve-files.ts'
import type { Clock } from '../kernel/clock.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import { type AddressKind, addressKind } from '../oidc/address.ts'
import { type IssuerServer, startIssuerServer } from '../oidc/issuer-server.ts'
import { type OutboundIssuers, openOutboundIssuers } from '../oidc/outbound-issuers.ts'
import { guardedLookup } from '../oidc/trusted-connection.ts'
import { createVerifier } from '../oidc/verifier.ts'
import { pause } from '../store/postgres/connection.ts'
import type { PostgresStore } from '../store/postgres/postgres-store.ts'
import { startAdminServer } from './admin-server.ts'
import { type CertificateFiles, followCertificate } from './certificate-files.ts'
import { openSharedStore } from './open-store.ts'
import { openSharedSessions } from './sealing-keys.ts'

export interface ServeAwsOptions {
  readonly config: ServeAwsConfig
  readonly files: ServeFiles
  /** Wall time: in production there is no other. */
  readonly clock: Clock
  readonly log: Log
  /** Ends the wait for the database. */
  readonly signal: AbortSignal
}

/** Disposing drains: not ready, then no new connections, then what is in flight, then what is unwritten. */
export interface ServedAws extends AsyncDisposable {
  readonly port: number
  readonly adminPort: number
  /** Of the issuers of outbound federation, where they are served. */
  readonly outboundPort: number | undefined
  readonly iam: Iam
  /** Looks now whether the files of the certificate have changed, not in a while. */
  readCertificate(): void
  /** Resolves with the reason when the process can only be started anew. */
  readonly failed: Promise<unknown>
}

/** The account that requests of nobody are recorded under. */
const nobodysAccount = '000000000000'

/** Starts; rejects with a StoreFailure, or the error of a port that is taken, leaving nothing behind that runs. */
export async function serveAws(options: ServeAwsOptions): Promise<ServedAws> {
  const { config, files, clock, log, signal } = options
  const failed = Promise.withResolvers<unknown>()
  await using stack = new AsyncDisposableStack()
  const store = stack.use(
    await openSharedStore({
      url: config.store,
      waitMs: config.storeWait * 1000,
      clock,
      log,
      signal,
      onUnfit: failed.resolve,
    }),
  )
  const sessions = stack.use(await openSharedSessions({ store, clock }))
  const reach = reachOf(config)
  const outbound =
    config.outbound && stack.use(openOutboundIssuers({ store, origin: config.outbound.url }))
  const iam = stack.use(
    openIam({
      store,
      clock,
      fetchThumbprint: (url) => fetchThumbprint(url, reach),
      ...(outbound && { outboundIssuerUrl: outbound.urlOf }),
    }),
  )
  const { identities } = iam
  const verifier = verifierOf(options)
  const sts = createSts({ identities, sessions, verifier, evaluate, clock, outbound })
  const issuerServer =
    outbound && stack.use(await serveOutbound(options, (id) => iam.isOutboundIssuer(id), outbound))
  const { folder, limit } = config.audit
  const onError = (error: unknown) => log.error({ error: String(error) }, 'audit records were lost')
  const audit = stack.use(openAuditLog({ ...(folder && { folder }), limit, onError }))
  let draining = false
  const admin = stack.use(
    await startAdminServer({
      ...config.admin,
      notReady: () => [
        ...(draining ? ['it is being stopped'] : []),
        ...(store.connected ? [] : ['the database does not answer']),
      ],
    }),
  )
  const gateway = stack.use(
    await startGateway({
      ...config.listen,
      ...(files.tls && { tls: files.tls }),
      services: [consistent(iam.service, store, clock), sts.service, createCloudTrail({ audit })],
      identities,
      sessions,
      clock,
      evaluate,
      audit,
      log,
      ...placeOf(config),
      trustedProxies: config.trustedProxies,
      account: nobodysAccount,
    }),
  )
  const certificate = stack.use(followFiles(options, [gateway, issuerServer]))
  const parts = stack.move()
  return {
    port: gateway.port,
    adminPort: admin.port,
    outboundPort: issuerServer?.port,
    iam,
    failed: failed.promise,
    readCertificate: () => certificate?.check(),
    async [Symbol.asyncDispose]() {
      draining = true
      await pause(clock, config.drainDelay * 1000, new AbortController().signal)
      await parts[Symbol.asyncDispose]()
    },
  }
}

/** Publishes the keys of outbound federation, so that others can check the tokens of GetWebIdentityToken. */
function serveOutbound(
  { config, files, log }: ServeAwsOptions,
  isEnabled: (id: string) => boolean,
  outbound: OutboundIssuers,
): Promise<IssuerServer> {
  if (!config.outbound || !files.tls) throw new Error('outbound issuers need a certificate')
  const issuers = (path: string) => {
    const id = /^\/outbound\/([0-9a-f-]{36})$/.exec(path)?.[1]
    return id !== undefined && isEnabled(id) ? outbound.published(id) : undefined
  }
  return startIssuerServer({ ...config.outbound.listen, tls: files.tls, issuers, log })
}

/** How long a request waits to see what other processes wrote, where the database is slow. */
const catchUpMs = 1_000

/**
 * IAM's clients make one thing on the next: a role at one process, its policy at another. So each request sees what was
 * answered before it, by whatever process. The other services follow a moment behind, as AWS's do.
 */
function consistent(service: AwsService, store: PostgresStore, clock: Clock): AwsService {
  return {
    ...service,
    match(request, form) {
      const operation = service.match(request, form)
      return {
        ...operation,
        async parse(...input) {
          const enough = new AbortController()
          await Promise.race([store.catchUp(), pause(clock, catchUpMs, enough.signal)])
          enough.abort()
          return operation.parse(...input)
        },
      }
    },
  }
}

/** Trusts the authorities that all do, and those of the settings. */
function verifierOf({ config, files, clock, log }: ServeAwsOptions) {
  return createVerifier({
    clock,
    log,
    trustedCaPems: files.issuerCaPems,
    allowLoopback: config.issuers.allowLoopback,
    allowPrivateRedirects: config.issuers.allowPrivateRedirects,
  })
}

/** Gives the servers the certificate anew when its files change. Undefined where there is none. */
function followFiles(
  { config, files, clock, log }: ServeAwsOptions,
  servers: readonly (Pick<IssuerServer, 'setCertificate'> | undefined)[],
): CertificateFiles | undefined {
  if (!config.tls || !files.tls) return undefined
  return followCertificate({
    current: files.tls,
    read: () => readServeFiles(config).tls,
    use: (tls) => {
      for (const server of servers) server?.setCertificate(tls)
    },
    everyMs: config.tls.reload * 1000,
    ...{ clock, log },
  })
}

/** An endpoint that was not told where it is stands for all of AWS's regions. */
function placeOf({ region, regions }: ServeAwsConfig): {
  region: string
  regions: readonly string[]
} {
  return region === undefined
    ? { region: globalRegion, regions: everyRegion(globalRegion) }
    : { region, regions: regionsOf(region, regions) }
}

/** Where IAM may look for a thumbprint: where the verifier may look for keys. */
function reachOf({ issuers }: ServeAwsConfig): Reach {
  const kinds: AddressKind[] = ['public', 'private']
  if (issuers.allowLoopback) kinds.push('loopback')
  const allowed = new Set(kinds)
  return {
    lookup: guardedLookup(allowed),
    allows: (address) => allowed.has(addressKind(address)),
  }
}
