/** The access tables: for every operation of a service what nobody, a forger, a late-comer, a stranger and a grantee get. */
import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/audit/log.ts'
import { operations as cloudTrail, createCloudTrail } from '../../src/aws/cloudtrail/service.ts'
import { operations as eks } from '../../src/aws/eks/operations.ts'
import { openEks } from '../../src/aws/eks/service.ts'
import { MemoryClusters } from '../../src/aws/eks/testing.ts'
import { MemoryAudit, startTestGateway, testRegion } from '../../src/aws/gateway/testing.ts'
import { openIam } from '../../src/aws/iam/iam.ts'
import { operations as iam } from '../../src/aws/iam/service.ts'
import { loadModel } from '../../src/aws/protocol/load-model.ts'
import { openS3 } from '../../src/aws/s3/open-s3.ts'
import { operations as s3 } from '../../src/aws/s3/operations.ts'
import { createSessions } from '../../src/aws/sessions.ts'
import { createSts, operations as sts } from '../../src/aws/sts/service.ts'
import { ManualClock } from '../../src/clock/manual-clock.ts'
import { evaluate } from '../../src/kernel/policy/evaluate.ts'
import { type SigningCredentials, signHeaders } from '../../src/kernel/sigv4/sign.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { account, type OperationRequest, requestFor } from './access-requests.ts'

/** Every service's operations, served or not. */
export const services: Readonly<Record<string, Readonly<Record<string, object | string>>>> = {
  cloudtrail: cloudTrail,
  eks,
  iam,
  s3,
  sts,
}

export type ServiceName = 'cloudtrail' | 'eks' | 'iam' | 's3' | 'sts'

/** Who asks, in the order of the columns. */
const callers = ['nobody', 'wrong signature', 'expired session', 'stranger', 'granted'] as const

interface Answer {
  readonly status: number
  /** Of an error. */
  readonly code: string | undefined
  readonly text: string
}

interface World extends AsyncDisposable {
  ask(
    service: ServiceName,
    request: OperationRequest,
    credentials: SigningCredentials | undefined,
  ): Promise<Answer>
  readonly credentials: Readonly<Record<(typeof callers)[number], SigningCredentials | undefined>>
}

/** The table of one service as its golden file holds it. */
export async function accessTable(service: ServiceName): Promise<string> {
  await using world = await openWorld()
  const model = loadModel(service)
  const served = Object.entries(services[service] ?? {})
    .filter(([, operation]) => operation !== 'not-implemented')
    .map(([name]) => name)
  const cells = new Map<string, readonly string[]>()
  // What takes away comes last, so that the others still find something.
  const isLast = (name: string) => /^(Delete|Remove|Detach|Disassociate|Abort)/.test(name)
  for (const name of [...served].sort((a, b) => Number(isLast(a)) - Number(isLast(b)))) {
    const request = requestFor(model, name)
    const row: string[] = []
    for (const caller of callers) {
      row.push(cell(await world.ask(service, request, world.credentials[caller])))
    }
    cells.set(name, row)
  }
  const rows = [
    ['operation', ...callers],
    ...served.sort().map((name) => [name, ...(cells.get(name) ?? [])]),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** `✔ 200`, `✘ 403 AccessDenied`; `✔ 404 NoSuchEntity` where the caller was let in and then there was nothing. */
function cell({ status, code }: Answer): string {
  // A HEAD's refusal has no body that could hold a code.
  const turnedAway = refusals.has(code ?? '') || (status >= 400 && code === undefined)
  return `${turnedAway ? '✘' : '✔'} ${status}${code ? ` ${code}` : ''}`
}

/** Codes by which a caller is turned away, rather than what it asks for. */
const refusals = new Set([
  ...['AccessDenied', 'AccessDeniedException', 'ExpiredToken', 'ExpiredTokenException'],
  ...['InvalidSignatureException', 'MissingAuthenticationToken', 'SignatureDoesNotMatch'],
  ...['MissingAuthenticationTokenException'],
])

/** All services behind one gateway, with one entity of each kind. */
async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const store = stack.use(openSqliteStore({ path: ':memory:', now: () => clock.now() }))
  const directory = await mkdtemp(join(tmpdir(), 'podpass-access-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const outboundIssuerUrl = (id: string) => `https://localhost/outbound/${id}`
  const opened = stack.use(
    openIam({ store, clock, outboundIssuerUrl, fetchThumbprint: async () => 'a'.repeat(40) }),
  )
  const { identities } = opened
  const sealingKeys = [{ id: 1, key: new Uint8Array(32).fill(7) }]
  const sessions = createSessions({ sealingKeys })
  const verifier = { keysOf: () => ({ kind: 'unavailable', why: 'there is no network' }) as const }
  const signer = { urlOf: outboundIssuerUrl, sign: async () => 'a.b.c' }
  const stsService = createSts({
    ...{ identities, sessions, verifier, evaluate, clock },
    outbound: signer,
  }).service
  const clusters = new MemoryClusters()
  const roleExists = (arn: string) => identities.role(arn) !== undefined
  const eksService = stack.use(openEks({ store, clock, clusters, log: silentLog, roleExists }))
  const s3Service = stack.use(await openS3({ directory, clock, region: testRegion }))
  const gateway = stack.use(
    await startTestGateway({
      services: [
        s3Service.service,
        opened.service,
        stsService,
        eksService.service,
        createCloudTrail({ audit: new MemoryAudit() }),
      ],
      identities: identities as never,
      sessions,
      clock,
    }),
  )
  const ask: World['ask'] = (service, { method, target, headers, body }, credentials) => {
    const [rawPath = '/', rawQuery = ''] = target.split('?')
    const host = { host: `127.0.0.1:${gateway.port}`, ...headers }
    const sent = credentials
      ? signHeaders({
          ...{ method, rawPath, rawQuery, headers: host, region: testRegion, service },
          ...{ credentials, at: clock.now(), body },
        })
      : host
    return send(gateway.port, { method, target, headers: sent, body })
  }
  const { administratorKeys: administrator } = await opened.createAccount({ id: account })
  const stranger = await makeEntities(ask, administrator)
  const expired = sessions.issueForUser({
    ...{ account, arn: `arn:aws:iam::${account}:user/administrator`, userName: 'administrator' },
    ...{ userId: 'AIDAAAAAAAAAAAAAAAAAA', issuedAt: clock.now() - 7_200_000 },
    expiresAt: clock.now() - 3_600_000,
  })
  const rest = stack.move()
  return {
    ask,
    credentials: {
      nobody: undefined,
      'wrong signature': { ...administrator, secretAccessKey: 'wrong' },
      'expired session': expired,
      stranger,
      granted: administrator,
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  }
}

/** One entity of each kind, and a user who may do nothing; returns his keys. */
async function makeEntities(
  ask: World['ask'],
  administrator: SigningCredentials,
): Promise<SigningCredentials> {
  const make = async (
    service: ServiceName,
    operation: string,
    instead: Readonly<Record<string, unknown>> = {},
  ) => {
    const request = requestFor(loadModel(service), operation, instead)
    const answer = await ask(service, request, administrator)
    if (answer.status >= 300) throw new Error(`${operation}: ${answer.text}`)
    return answer.text
  }
  for (const [kind, name] of [
    ['Role', 'RoleName'],
    ['Policy', 'PolicyName'],
    ['User', 'UserName'],
    ['Group', 'GroupName'],
    ['InstanceProfile', 'InstanceProfileName'],
  ] as const) {
    await make('iam', `Create${kind}`, { [name]: 'entity' })
  }
  await make('iam', 'CreateRole', { RoleName: 'node' })
  await make('iam', 'EnableOutboundWebIdentityFederation')
  await make('iam', 'CreateOpenIDConnectProvider', { Url: 'https://oidc.example' })
  await make('iam', 'CreateUser', { UserName: 'stranger' })
  await make('s3', 'CreateBucket', { Bucket: 'bucket' })
  await make('s3', 'PutObject')
  await make('s3', 'PutObject', { Key: 'source' })
  await make('eks', 'CreateCluster', { name: 'demo' })
  await make('eks', 'CreateNodegroup', { nodegroupName: 'ng' })
  await make('eks', 'CreateAccessEntry', { principalArn: `arn:aws:iam::${account}:role/entity` })
  const key = await make('iam', 'CreateAccessKey', { UserName: 'stranger' })
  const text = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(key)?.[1] ?? ''
  return { accessKeyId: text('AccessKeyId'), secretAccessKey: text('SecretAccessKey') }
}

function send(port: number, request: OperationRequest): Promise<Answer> {
  const { method, target: path, body } = request
  const length = body ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: { ...request.headers, ...length } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
        })
        response.on('end', () => {
          const type = response.headers['x-amzn-errortype']
          const code =
            /<Code>(\w+)<\/Code>/.exec(text)?.[1] ??
            (typeof type === 'string' ? type.split(':')[0] : undefined) ??
            /"__type":"(?:[^"#]*#)?(\w+)"/.exec(text)?.[1]
          resolve({ status: response.statusCode ?? 0, code, text })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
