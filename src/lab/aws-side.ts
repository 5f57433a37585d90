/** The AWS side of a lab: IAM, STS, S3, EKS, RDS, Secrets Manager and CloudTrail behind one gateway. */
import type { Log } from '../audit/log.ts'
import { openAuditLog } from '../audit/segmented-audit-log.ts'
import { createCloudTrail } from '../aws/cloudtrail/service.ts'
import { podIdentityAgent } from '../aws/eks/addons.ts'
import { type Eks, openEks } from '../aws/eks/service.ts'
import { startGateway } from '../aws/gateway/gateway.ts'
import { type Iam, openIam } from '../aws/iam/iam.ts'
import type { Rds } from '../aws/rds/service.ts'
import { everyRegion } from '../aws/regions.ts'
import { openS3 } from '../aws/s3/open-s3.ts'
import { openSecretsManager } from '../aws/secrets-manager/service.ts'
import { createSessions } from '../aws/sessions.ts'
import { createSts, type Sts } from '../aws/sts/service.ts'
import type { LabClock } from '../clock/lab-clock.ts'
import type { Environment } from '../config/env.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import type { PublishedIssuer } from '../oidc/issuer-port.ts'
import { type OutboundIssuers, openOutboundIssuers } from '../oidc/outbound-issuers.ts'
import { createVerifier } from '../oidc/verifier.ts'
import type { Store } from '../store/store.ts'
import type { CertificateAuthority, KeyPair } from '../x509/certificate-port.ts'
import type { Administered } from './administration.ts'
import { Clusters, type ClustersOptions } from './clusters.ts'
import { openDatabaseService } from './databases.ts'
import { openEksAuth, trustsService } from './eks-auth.ts'
import { fleetOf, openEc2 } from './fleet.ts'
import type { Home, Settings } from './home.ts'
import { openSealingKeys, wallClock } from './pki.ts'

export interface AwsSideOptions {
  readonly home: Home
  readonly settings: Settings
  readonly store: Store
  readonly clock: LabClock
  readonly log: Log
  readonly tls: KeyPair
  /** The lab's CA: issuers of the lab itself are trusted by it. */
  readonly authority: CertificateAuthority
  /** Folder of sockets. */
  readonly runtime: string
  readonly environment: Environment
  /** `https://localhost:4567`. */
  readonly issuerOrigin: string
  readonly kubernetesPort: number | undefined
  readonly access: ClustersOptions['deps']['access']
}

export interface AwsSide extends Administered {
  readonly iam: Iam
  readonly eks: Eks
  readonly rds: Rds
  readonly clusters: Clusters
  /** The issuer whose URL has this path: a cluster's, or one of outbound federation. */
  issuerAt(path: string): PublishedIssuer | undefined
  /** Opens the front door; resolves with its port. */
  listen(host: string, port: number): Promise<number>
}

/** Records of decisions that are kept: what `why` can look back on. */
const auditLimit = 50_000

/** Opens all services; the stack closes them, clusters first, so that their pods' last requests are still answered. */
export async function openAwsSide(
  options: AwsSideOptions,
  stack: AsyncDisposableStack,
): Promise<AwsSide> {
  const { home, settings, store, clock, log, issuerOrigin } = options
  const trustedCaPems = [options.authority.certPem]
  let port = 0
  const ownHosts = () => [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]
  const ownIssuer = (issuer: string) => issuer.startsWith(`${issuerOrigin}/id/`)
  const outbound = stack.use(openOutboundIssuers({ store, origin: issuerOrigin }))
  const iam = stack.use(openIam({ store, clock, ownIssuer, outboundIssuerUrl: outbound.urlOf }))
  const { identities } = iam
  const sessions = createSessions({ sealingKeys: openSealingKeys(home) })
  const verifier = createVerifier({ clock, log, trustedCaPems, allowLoopback: true })
  const sts = createSts({
    identities,
    sessions,
    verifier,
    evaluate,
    outbound,
    clock,
    signatureClocks: [wallClock],
    isOwnIssuer: ownIssuer,
    clusterOf: (issuer) => clusters.nameOf(issuer),
    isOwnHost: (host) => ownHosts().includes(host),
  })
  const fleet = fleetOf(store, iam.instanceProfileOf)
  const deps = { ...clusterDeps(options, sts, () => ({ eks, port })), ...fleet }
  const clusters: Clusters = new Clusters({ ...options, deps })
  const eks: Eks = openEks({
    store,
    clock,
    clusters,
    log,
    roleExists: (arn) => identities.role(arn) !== undefined,
    launchTemplate: (...named) => fleet.templates.find(...named),
    roleTrusts: (arn, service) => trustsService(arn, service, { identities, at: clock.now() }),
  })
  const s3 = stack.use(
    await openS3({ directory: home.objects, clock, region: settings.region, log }),
  )
  const onError = (error: unknown) => log.error({ error }, 'audit records were lost')
  const audit = stack.use(openAuditLog({ folder: home.auditFolder, limit: auditLimit, onError }))
  const secrets = openSecretsManager({ store })
  const rds = openDatabaseService(options, { identities, sessions, audit }, secrets.managed)
  const services = [s3, iam, sts, eks, rds, secrets].map(({ service }) => service)
  services.push(openEc2(clusters, fleet))
  services.push(openEksAuth(clusters, eks, { identities, sessions }))
  return {
    iam,
    eks,
    rds,
    clusters,
    issuersOf: (clusterName) => clusters.issuersOf(clusterName),
    forgetIssuer: (url) => verifier.forget(url),
    issuerAt: (path) => outboundAt(path, iam, outbound) ?? clusters.issuerAt(path),
    async listen(host, wanted) {
      const gateway = await startGateway({
        host,
        port: wanted,
        tls: options.tls,
        services: [...services, createCloudTrail({ audit })],
        identities,
        sessions,
        clock,
        signatureClocks: [wallClock],
        evaluate,
        audit,
        log,
        region: settings.region,
        regions: everyRegion(settings.region),
        account: settings.account,
      })
      port = gateway.port
      for (const part of [rds, gateway, eks, clusters]) stack.use(part)
      return gateway.port
    },
  }
}

/** What clusters ask of STS and EKS; EKS is opened after them, since it runs them. */
function clusterDeps(
  { access, authority }: AwsSideOptions,
  sts: Sts,
  later: () => { readonly eks: Eks; readonly port: number },
): Omit<ClustersOptions['deps'], 'metadataOptions' | 'profileOf'> {
  return {
    access,
    authenticateAws: (arn, name, token, awsAuth) => {
      const identity = sts.verifyEksToken(token, name)
      return 'refused' in identity ? undefined : later().eks.mapIdentity(arn, identity, awsAuth)
    },
    nodeCredentials: (request) =>
      sts.assumeRoleForService({ ...request, service: 'ec2.amazonaws.com' }),
    podIdentity: {
      hasAssociation: (...of) => later().eks.podIdentity(...of) !== undefined,
      isAgentInstalled: (arn) => later().eks.hasAddon(arn, podIdentityAgent),
      endpoint: () => `https://127.0.0.1:${later().port}`,
      caPem: authority.certPem,
    },
  }
}

function outboundAt(
  path: string,
  iam: Iam,
  outbound: OutboundIssuers,
): PublishedIssuer | undefined {
  const id = /^\/outbound\/([0-9a-f-]{36})$/.exec(path)?.[1]
  return id !== undefined && iam.isOutboundIssuer(id) ? outbound.published(id) : undefined
}
