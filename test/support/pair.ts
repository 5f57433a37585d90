/** Two processes of `podpass serve aws` on one real PostgreSQL, with an OIDC issuer of the test's own, and clients for them. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IAMClient } from '@aws-sdk/client-iam'
import {
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { silentLog } from '../../src/audit/log.ts'
import { LabClock } from '../../src/clock/lab-clock.ts'
import { openIssuer, type RotatingIssuer } from '../../src/oidc/issuer.ts'
import { startIssuerServer } from '../../src/oidc/issuer-server.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createCertificateAuthority } from '../../src/x509/authority.ts'
import type { CertificateAuthority, KeyPair } from '../../src/x509/certificate-port.ts'
import { type CommandResult, run } from './lab.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'
import { type Replica, startReplica } from './replica.ts'

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export const account = '111122223333'
const region = 'eu-central-1'
const subject = 'system:serviceaccount:default:app'
/** The database asks for no password, so this one is a mark to look for in logs. */
export const databasePassword = 'hush-hush'

export class Pair implements AsyncDisposable {
  readonly #parts = new AsyncDisposableStack()
  readonly #agent: Agent
  readonly #folder: string
  readonly #issuer: RotatingIssuer
  readonly #authority: CertificateAuthority
  readonly caPem: string
  readonly database: TestPostgres
  /** Of the processes and of commands on their store. */
  readonly environment: NodeJS.ProcessEnv
  readonly one: Replica
  readonly two: Replica
  readonly administrator: Keys

  constructor(made: Made, one: Replica, two: Replica) {
    this.#folder = made.folder
    this.#issuer = made.issuer
    this.#authority = made.authority
    this.caPem = made.caPem
    this.#agent = new Agent({ ca: made.caPem, keepAlive: true })
    this.database = made.database
    this.environment = made.environment
    this.one = one
    this.two = two
    this.#parts.use(made.parts)
    this.#parts.use(one)
    this.#parts.use(two)
    this.#parts.defer(() => this.#agent.destroy())
    const printed = (one.stdout + two.stdout).split('\n')[0] ?? ''
    this.administrator = JSON.parse(printed).administratorKeys
  }

  /** Starts one more process with the same settings. */
  startAnother(...flags: string[]): Promise<Replica> {
    return startReplica(this.environment, '--config', join(this.#folder, 'serve.yaml'), ...flags)
  }

  /** Puts another certificate of the same authority where the processes have theirs from; answers its fingerprint. */
  async renewCertificate(): Promise<string> {
    const { cert, key } = await issue(this.#authority)
    writeFileSync(join(this.#folder, 'tls.crt'), cert)
    writeFileSync(join(this.#folder, 'tls.key'), key)
    return new X509Certificate(cert).fingerprint256
  }

  iam(to: Replica, keys = this.administrator, maxAttempts = 1): IAMClient {
    return new IAMClient(this.#client(to, keys, maxAttempts))
  }

  /** Runs the real `aws`. */
  aws(to: Replica, keys: Keys, ...args: string[]): Promise<CommandResult> {
    return run('aws', ['--endpoint-url', to.endpoint, '--region', region, ...args], {
      environment: {
        ...this.environment,
        AWS_CA_BUNDLE: join(this.#folder, 'ca.pem'),
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        ...(keys.sessionToken !== undefined && { AWS_SESSION_TOKEN: keys.sessionToken }),
      },
    })
  }

  sts(to: Replica, keys: Keys): STSClient {
    return new STSClient(this.#client(to, keys))
  }

  /** GetCallerIdentity; rejects where the keys are refused. */
  who(to: Replica, keys: Keys) {
    return this.sts(to, keys).send(new GetCallerIdentityCommand({}))
  }

  get issuerUrl(): string {
    return this.#issuer.url
  }

  /** A trust policy for the pods of the test's issuer. */
  trust(): string {
    const provider = this.#issuer.url.replace('https://', '')
    return JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${provider}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${provider}:sub`]: subject } },
      },
    })
  }

  /** A session of a role for a token of the test's issuer. */
  async assume(by: Replica, role: string): Promise<Keys> {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: this.#issuer.url, sub: subject, aud: ['sts.amazonaws.com'] }
    const anonymous = { accessKeyId: 'none', secretAccessKey: 'none' }
    const { Credentials: made } = await new STSClient(this.#client(by, anonymous)).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: `arn:aws:iam::${account}:role/${role}`,
        RoleSessionName: 'test',
        WebIdentityToken: this.#issuer.sign({ ...claims, iat: now, exp: now + 3600 }),
      }),
    )
    assert.ok(made?.AccessKeyId && made.SecretAccessKey && made.SessionToken)
    return {
      accessKeyId: made.AccessKeyId,
      secretAccessKey: made.SecretAccessKey,
      sessionToken: made.SessionToken,
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync()
  }

  #client({ endpoint }: Replica, credentials: Keys, maxAttempts = 1) {
    const requestHandler = { httpsAgent: this.#agent }
    return { endpoint, region, credentials, maxAttempts, requestHandler }
  }
}

interface Made {
  readonly parts: AsyncDisposableStack
  readonly folder: string
  readonly caPem: string
  readonly authority: CertificateAuthority
  readonly issuer: RotatingIssuer
  readonly database: TestPostgres
  readonly environment: NodeJS.ProcessEnv
}

/** Starts database, issuer, and both processes at once: one makes tables, keys and account, the other finds them. */
export async function startPair(): Promise<Pair> {
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'podpass-scale-'))
  parts.defer(() => rmSync(folder, { recursive: true }))
  const database = parts.use(await startPostgres())
  const wall = { now: () => Date.now() }
  const authority = await createCertificateAuthority({ commonName: 'test', clock: wall })
  const tls = await issue(authority)
  const issuer = await startIssuer(parts, tls)
  const files = { 'ca.pem': authority.certPem, 'tls.crt': tls.cert, 'tls.key': tls.key }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const settings = `region: ${region}
tls: { certificate: ${join(folder, 'tls.crt')}, key: ${join(folder, 'tls.key')} }
outbound: { url: https://issuers.test, listen: 0 }
issuers: { ca: ${join(folder, 'ca.pem')}, allowLoopback: true }
`
  writeFileSync(join(folder, 'serve.yaml'), settings)
  const own = { ...process.env }
  for (const name of Object.keys(own)) if (/^(AWS|PODPASS)_/.test(name)) delete own[name]
  const url = (await database.createSchema()).replace('@', `:${databasePassword}@`)
  const environment = { ...own, PODPASS_SERVE_STORE: url }
  const flags = ['--config', join(folder, 'serve.yaml'), '--create-account', account]
  const [one, two] = await Promise.all([
    startReplica(environment, ...flags),
    startReplica(environment, ...flags),
  ])
  const { certPem: caPem } = authority
  const made = { parts: parts.move(), folder, caPem, authority, issuer, database, environment }
  return new Pair(made, one, two)
}

function issue(authority: CertificateAuthority): Promise<KeyPair> {
  return authority.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
}

async function startIssuer(parts: AsyncDisposableStack, tls: KeyPair): Promise<RotatingIssuer> {
  const clock = parts.use(new LabClock(0, () => {}))
  const store = parts.use(openSqliteStore({ path: ':memory:', now: () => clock.now() }))
  let issuer: RotatingIssuer | undefined
  const issuers = () => issuer
  const server = parts.use(
    await startIssuerServer({ host: '127.0.0.1', port: 0, tls, issuers, log: silentLog }),
  )
  const url = `https://localhost:${server.port}/id/test`
  issuer = parts.use(await openIssuer({ store, prefix: '/test', url, clock }))
  return issuer
}
