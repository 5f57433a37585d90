/** What the access tables ask: all services behind one gateway, one entity of each kind, and callers of each sort. */
import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/audit/log.ts'
import { createCloudTrail } from '../../src/aws/cloudtrail/service.ts'
import { LaunchTemplates } from '../../src/aws/ec2/launch-templates.ts'
import { createEc2 } from '../../src/aws/ec2/service.ts'
import { openEks } from '../../src/aws/eks/service.ts'
import { MemoryClusters } from '../../src/aws/eks/testing.ts'
import { createEksAuth } from '../../src/aws/eks-auth/service.ts'
import { MemoryAudit, startTestGateway, testRegion } from '../../src/aws/gateway/testing.ts'
import { openIam } from '../../src/aws/iam/iam.ts'
import { openRds } from '../../src/aws/rds/service.ts'
import { PretendedDatabases } from '../../src/aws/rds/testing.ts'
import { openS3 } from '../../src/aws/s3/open-s3.ts'
import { openSecretsManager } from '../../src/aws/secrets-manager/service.ts'
import { SecretState } from '../../src/aws/secrets-manager/state.ts'
import { createSessions } from '../../src/aws/sessions.ts'
import { createSts } from '../../src/aws/sts/service.ts'
import { ManualClock } from '../../src/clock/manual-clock.ts'
import { evaluate } from '../../src/kernel/policy/evaluate.ts'
import { type SigningCredentials, signHeaders } from '../../src/kernel/sigv4/sign.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import {
  account,
  instanceId,
  type OperationRequest,
  requestFor,
  secretName,
} from './access-requests.ts'
import { modelOf, type ServiceName } from './access-services.ts'

/** Who asks, in the order of the columns. */
export const callers = [
  'nobody',
  'wrong signature',
  'expired session',
  'stranger',
  'granted',
] as const

export interface Answer {
  readonly status: number
  /** Of an error. */
  readonly code: string | undefined
  readonly text: string
}

export interface World extends AsyncDisposable {
  ask(
    service: ServiceName,
    request: OperationRequest,
    credentials: SigningCredentials | undefined,
  ): Promise<Answer>
  readonly credentials: Readonly<Record<(typeof callers)[number], SigningCredentials | undefined>>
}

/** All services behind one gateway, with one entity of each kind. */
export async function openWorld(): Promise<World> {
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
  const secrets = openSecretsManager({ store })
  const databases = new PretendedDatabases()
  const rds = openRds({ store, clock, databases, secrets: secrets.managed, log: silentLog })
  stack.use(rds)
  const fleet = {
    instances: () => [instance],
    metadataOptions: () =>
      ({ httpTokens: 'optional', httpEndpoint: 'enabled', hopLimit: 2 }) as const,
    setMetadataOptions: async () => {},
  }
  const eksAuth = createEksAuth({
    ...{ identities, sessions, evaluate },
    cluster: (arn) => ({ arn, name: 'demo', account, issuer: 'https://oidc.example' }),
    keys: verifier.keysOf,
    association: () => undefined,
  })
  await new SecretState(store).create(secret)
  const gateway = stack.use(
    await startTestGateway({
      services: [
        s3Service.service,
        opened.service,
        stsService,
        eksService.service,
        createCloudTrail({ audit: new MemoryAudit() }),
        rds.service,
        secrets.service,
        createEc2({ fleet, templates: new LaunchTemplates(store) }),
        eksAuth,
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

const instance = {
  ...{ instanceId, instanceType: 't3.medium', imageId: 'ami-1', account, region: testRegion },
  ...{ privateIp: '192.168.0.1', privateDnsName: 'ip-192-168-0-1.internal' },
  ...{ availabilityZone: `${testRegion}a`, tags: {} },
}

const secret = {
  ...{ account, region: testRegion, name: secretName, owner: 'rds', description: '', tags: {} },
  arn: `arn:aws:secretsmanager:${testRegion}:${account}:secret:${secretName}-abcdef`,
  ...{ createdAt: 0, changedAt: 0 },
  versions: [{ id: 'v', value: '{}', stages: ['AWSCURRENT'] as const, createdAt: 0 }],
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
    const request = requestFor(modelOf(service), operation, instead)
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
  await make('iam', 'CreateSAMLProvider', { Name: 'entity' })
  await make('iam', 'CreateVirtualMFADevice', { VirtualMFADeviceName: 'entity' })
  await make('iam', 'CreateUser', { UserName: 'stranger' })
  await make('s3', 'CreateBucket', { Bucket: 'bucket' })
  await make('s3', 'PutObject')
  await make('s3', 'PutObject', { Key: 'source' })
  await make('eks', 'CreateCluster', { name: 'demo' })
  await make('eks', 'CreateNodegroup', { nodegroupName: 'ng' })
  await make('eks', 'CreateAccessEntry', { principalArn: `arn:aws:iam::${account}:role/entity` })
  await make('rds', 'CreateDBCluster', { DBClusterIdentifier: 'entity' })
  await make('rds', 'CreateDBInstance', { DBInstanceIdentifier: 'entity' })
  await make('ec2', 'CreateLaunchTemplate', { LaunchTemplateName: 'entity' })
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
