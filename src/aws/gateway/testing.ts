/** A gateway for tests: identities in memory, one administrator, real sockets, so that real clients can be the judge. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AuditLog, AuditRecord } from '../../audit/audit-log.ts'
import { type Log, silentLog } from '../../audit/log.ts'
import { ManualClock } from '../../clock/manual-clock.ts'
import type { Clock } from '../../kernel/clock.ts'
import { evaluate } from '../../kernel/policy/evaluate.ts'
import type { SigningCredentials } from '../../kernel/sigv4/sign.ts'
import type {
  Identities,
  LongTermKey,
  NamedPolicy,
  OidcProviderFacts,
  RoleFacts,
} from '../identities.ts'
import type { AwsService } from '../operation.ts'
import { createSessions, type Sessions } from '../sessions.ts'
import { startGateway } from './gateway.ts'

export const testAccount = '111122223333'
export const testRegion = 'ap-northeast-1'

/** The administrator's keys: allowed everything. */
export const administrator: SigningCredentials = {
  accessKeyId: 'AKIATESTADMIN0000001',
  secretAccessKey: 'test/administrator/secret/0000000000000A',
}

/** A policy that allows the actions on the resources. */
export function allowing(
  actions: string | readonly string[],
  resources: string | readonly string[] = '*',
): string {
  const statement = { Effect: 'Allow', Action: actions, Resource: resources }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

/** Identities that a test fills by hand. */
export class MemoryIdentities implements Identities {
  readonly keys = new Map<string, LongTermKey>()
  readonly users = new Map<string, NamedPolicy[]>()
  readonly roles = new Map<string, RoleFacts>()
  readonly policies = new Map<string, NamedPolicy>()
  readonly providers: OidcProviderFacts[] = []

  constructor() {
    this.addUser('administrator', administrator, allowing('*'))
  }

  /** A user of the test account with one key and the policy documents given. */
  addUser(userName: string, credentials: SigningCredentials, ...documents: string[]): void {
    const caller = {
      kind: 'user',
      account: testAccount,
      arn: `arn:aws:iam::${testAccount}:user/${userName}`,
      userName,
      userId: `AIDA${userName
        .toUpperCase()
        .replace(/[^A-Z2-7]/g, '')
        .padEnd(17, 'A')
        .slice(0, 17)}`,
      accessKeyId: credentials.accessKeyId,
    } as const
    const { secretAccessKey } = credentials
    this.keys.set(credentials.accessKeyId, { secretAccessKey, active: true, caller })
    this.users.set(
      userName,
      documents.map((document, i) => ({ name: `${userName}-${i + 1}`, document })),
    )
  }

  /** A role of the test account; `more` overrides any fact. */
  addRole(name: string, documents: readonly string[], more: Partial<RoleFacts> = {}): RoleFacts {
    const role: RoleFacts = {
      account: testAccount,
      arn: `arn:aws:iam::${testAccount}:role/${name}`,
      id: `AROA${name
        .toUpperCase()
        .replace(/[^A-Z2-7]/g, '')
        .padEnd(17, 'A')
        .slice(0, 17)}`,
      name,
      path: '/',
      tags: {},
      identityPolicies: documents.map((document, i) => ({ name: `${name}-${i + 1}`, document })),
      maxSessionDuration: 3600,
      trustPolicy: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
      ...more,
    }
    this.roles.set(role.arn, role)
    return role
  }

  accessKey(accessKeyId: string): LongTermKey | undefined {
    return this.keys.get(accessKeyId)
  }

  principal(caller: Parameters<Identities['principal']>[0]): ReturnType<Identities['principal']> {
    if (caller.kind === 'session') {
      const role = this.roles.get(caller.session.roleArn)
      return role?.id === caller.session.roleId ? role : undefined
    }
    if (caller.kind !== 'user') return undefined
    const identityPolicies = this.users.get(caller.userName)
    if (!identityPolicies) return undefined
    const { account, arn, userId: id, userName: name } = caller
    return { account, arn, id, name, path: '/', tags: {}, identityPolicies }
  }

  role(arn: string): RoleFacts | undefined {
    return this.roles.get(arn)
  }

  managedPolicy(arn: string): NamedPolicy | undefined {
    return this.policies.get(arn)
  }

  oidcProvider(account: string, issuer: string): OidcProviderFacts | undefined {
    return this.providers.find((p) => p.account === account && p.url === issuer)
  }

  used(): void {}
}

/** Keeps records in an array, oldest first. */
export class MemoryAudit implements AuditLog {
  readonly records: AuditRecord[] = []
  readonly #also: AuditLog | undefined
  readonly #keeps: boolean

  /** `also` gets every record too; `keeps` false: only that. */
  constructor(also?: AuditLog, keeps = true) {
    this.#also = also
    this.#keeps = keeps
  }

  record(record: AuditRecord): void {
    if (this.#keeps) this.records.push(record)
    this.#also?.record(record)
  }

  find(): AuditRecord[] {
    return this.records.toReversed()
  }

  /** The newest record. */
  get last(): AuditRecord | undefined {
    return this.records.at(-1)
  }
}

export interface CommandResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface TestGateway extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string
  readonly port: number
  readonly identities: MemoryIdentities
  readonly sessions: Sessions
  readonly audit: MemoryAudit
  readonly clock: Clock
  /** Environment of a real client; the administrator's keys unless others are given. */
  environment(credentials?: SigningCredentials | 'none'): Record<string, string>
  /** Runs the real `aws` (one string per argument); never rejects. */
  aws(
    args: readonly string[],
    options?: { credentials?: SigningCredentials | 'none'; input?: string },
  ): Promise<CommandResult>
}

/**
 * Starts a gateway with the services given. The lab clock defaults to a ManualClock at the wall's time, so real
 * clients' signatures are fresh. `tls` (PEM) adds HTTPS on the same port.
 */
export async function startTestGateway(options: {
  services: readonly AwsService[]
  identities?: MemoryIdentities
  sessions?: Sessions
  audit?: AuditLog
  /** False: records go to `audit` alone (a benchmark makes many). */
  keepRecords?: boolean
  clock?: Clock
  tls?: { cert: string; key: string }
  log?: Log
  /** Default: any. */
  regions?: readonly string[]
}): Promise<TestGateway> {
  const wall = { now: () => performance.timeOrigin + performance.now() }
  const clock = options.clock ?? new ManualClock(Math.floor(wall.now()))
  const identities = options.identities ?? new MemoryIdentities()
  const sealingKeys = [{ id: 1, key: new Uint8Array(32).fill(7) }]
  const sessions = options.sessions ?? createSessions({ sealingKeys })
  const audit = new MemoryAudit(options.audit, options.keepRecords)
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    ...(options.tls ? { tls: options.tls } : {}),
    services: options.services,
    identities,
    sessions,
    clock,
    signatureClocks: [wall],
    ...(options.regions ? { regions: options.regions } : {}),
    evaluate,
    audit,
    log: options.log ?? silentLog,
    region: testRegion,
    account: testAccount,
  })
  const home = await mkdtemp(join(tmpdir(), 'podpass-gateway-'))
  const endpoint = `http://127.0.0.1:${gateway.port}`
  const environment: TestGateway['environment'] = (credentials = administrator) => ({
    // biome-ignore lint/style/noProcessEnv: real clients are found by PATH
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: testRegion,
    AWS_DEFAULT_REGION: testRegion,
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    ...(credentials === 'none'
      ? {}
      : {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          ...(credentials.sessionToken ? { AWS_SESSION_TOKEN: credentials.sessionToken } : {}),
        }),
  })
  return {
    endpoint,
    port: gateway.port,
    identities,
    sessions,
    audit,
    clock,
    environment,
    aws: (args, { credentials, input } = {}) => run('aws', args, environment(credentials), input),
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Runs a program to its end; a failure is a result. */
async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input?: string,
): Promise<CommandResult> {
  const running = promisify(execFile)(program, [...args], { env, maxBuffer: 64 * 1024 * 1024 })
  running.child.stdin?.end(input ?? '')
  try {
    return { status: 0, ...(await running) }
  } catch (cause) {
    const failed = cause as { code?: number; stdout?: string; stderr?: string }
    return {
      status: typeof failed.code === 'number' ? failed.code : 1,
      stdout: failed.stdout ?? '',
      stderr: failed.stderr ?? '',
    }
  }
}
