/** What the acceptance checks of STS and IAM stand on: a lab, an issuer outside it, a provider, a role, a bucket. */
import { request as httpRequest } from 'node:http'
import { type SigningCredentials, signHeaders } from '../../src/kernel/sigv4/sign.ts'
import { type CommandResult, ok, startTestLab, type TestLab } from './lab.ts'
import { startTestIssuer, type TestIssuer } from './test-issuer.ts'

export const account = '111122223333'
export const reader = 'system:serviceaccount:default:reader'
export const bucket = 'bkt'

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

/** An answer of a Query service or of S3. */
export interface WireAnswer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The text of the first element of this name, entities resolved. */
  value(name: string): string | undefined
}

export interface WireRequest {
  readonly method?: string
  /** Path and query. */
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Acceptance extends AsyncDisposable {
  readonly lab: TestLab
  readonly issuer: TestIssuer
  /** `localhost:<port>/issuer`: the provider's name in condition keys. */
  readonly provider: string
  readonly administrator: SigningCredentials
  /** Sends bytes that no client would, over plain HTTP. */
  send(request: WireRequest): Promise<WireAnswer>
  /** The same, signed; `at` is when (ms), default now. `change` alters the headers after signing. */
  signed(
    request: WireRequest & {
      readonly service: string
      readonly credentials: SigningCredentials
      readonly at?: number
      readonly region?: string
      readonly change?: (headers: Record<string, string>) => Record<string, string>
      /** Sent in place of the body that was signed. */
      readonly sentBody?: string
    },
  ): Promise<WireAnswer>
  /** AssumeRoleWithWebIdentity; fields given replace or (undefined) remove its own. */
  exchange(
    token: string,
    fields?: Readonly<Record<string, string | undefined>>,
    method?: 'GET' | 'POST',
  ): Promise<WireAnswer>
  /** Credentials of a session of the role. */
  session(role?: string, fields?: Readonly<Record<string, string>>): Promise<SigningCredentials>
  /** Runs `aws` with these credentials. */
  awsAs(credentials: SigningCredentials | undefined, ...args: string[]): Promise<CommandResult>
  /** A trust policy for the issuer's provider; its condition defaults to `:sub` = reader and `:aud`. */
  trust(condition?: object): string
  /** An IAM operation, signed by the administrator: what a test has made before it begins. */
  iam(action: string, fields: Readonly<Record<string, string>>): Promise<void>
  /** Makes a role that trusts the provider, with inline policies by name. */
  role(name: string, policies: Readonly<Record<string, object>>, trust?: string): Promise<void>
}

/** Starts all of it: role `irsa` may list `bkt` and get its objects. */
export async function startAcceptance(): Promise<Acceptance> {
  await using stack = new AsyncDisposableStack()
  const issuer = stack.use(await startTestIssuer())
  const lab = stack.use(await startTestLab())
  const port = Number(new URL(lab.environment['AWS_ENDPOINT_URL'] ?? '').port)
  const provider = issuer.url.replace('https://', '')
  const administrator = {
    accessKeyId: lab.environment['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: lab.environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  }
  const trust: Acceptance['trust'] = (
    condition = {
      StringEquals: { [`${provider}:sub`]: reader, [`${provider}:aud`]: 'sts.amazonaws.com' },
    },
  ) => document([trustStatement(provider, condition)])
  const send = (request: WireRequest) => exchangeBytes(port, request)
  const signed: Acceptance['signed'] = ({ change = (h) => h, sentBody, ...request }) => {
    const { method = 'GET', target = '/', body, service } = request
    const [rawPath = '/', rawQuery = ''] = target.split('?')
    const headers = signHeaders({
      method,
      rawPath,
      rawQuery,
      headers: {
        host: `127.0.0.1:${port}`,
        ...(body === undefined || service === 's3' ? {} : form),
        ...request.headers,
      },
      region: request.region ?? 'ap-northeast-1',
      service,
      credentials: request.credentials,
      at: request.at ?? Date.now(),
      ...(body === undefined ? {} : { body }),
    })
    const sent = sentBody === undefined ? request : { ...request, body: sentBody }
    return send({ ...sent, headers: change({ ...headers }) })
  }
  const iam: Acceptance['iam'] = async (Action, fields) => {
    const body = new URLSearchParams({ Action, Version: '2010-05-08', ...fields }).toString()
    const request = { method: 'POST', service: 'iam', credentials: administrator, body }
    const answer = await signed(request)
    if (answer.status !== 200) throw new Error(answer.text)
  }
  const role: Acceptance['role'] = async (name, policies, trustPolicy = trust()) => {
    await iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: trustPolicy })
    for (const [policy, statement] of Object.entries(policies)) {
      const PolicyDocument = document([statement])
      await iam('PutRolePolicy', { RoleName: name, PolicyName: policy, PolicyDocument })
    }
  }
  const exchange: Acceptance['exchange'] = (token, fields = {}, method = 'POST') => {
    const all: Record<string, string | undefined> = {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: roleArn('irsa'),
      RoleSessionName: 'sess',
      WebIdentityToken: token,
      ...fields,
    }
    const present = Object.entries(all).filter((entry): entry is [string, string] => {
      return entry[1] !== undefined
    })
    const fieldsText = new URLSearchParams(present).toString()
    return send(method === 'GET' ? { target: `/?${fieldsText}` } : { method, body: fieldsText })
  }
  const made = {
    lab,
    issuer,
    provider,
    administrator,
    send,
    signed,
    iam,
    exchange,
    session: async (name = 'irsa', fields = {}) => {
      const answer = await exchange(issuer.token(), { RoleArn: roleArn(name), ...fields })
      if (answer.status !== 200) throw new Error(answer.text)
      return credentialsOf(answer)
    },
    awsAs: (credentials, ...args) =>
      lab.run('aws', args, { environment: environmentOf(lab, credentials) }),
    trust,
    role,
  } satisfies Omit<Acceptance, typeof Symbol.asyncDispose>
  ok(await registerProvider(lab, issuer))
  await role('irsa', {
    list: { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${bucket}` },
    get: { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
  })
  ok(await lab.aws('s3', 'mb', `s3://${bucket}`))
  const rest = stack.move()
  return { ...made, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
}

/** Makes a cluster as the aws command does, and answers its issuer. */
export async function createCluster(it: Acceptance, name: string): Promise<string> {
  const { lab } = it
  const made = ['eks', 'create-cluster', '--name', name, '--role-arn', roleArn('eks')]
  ok(await lab.aws(...made, '--resources-vpc-config', 'subnetIds=subnet-1,subnet-2'))
  const query = ['--query', 'cluster.[status,identity.oidc.issuer]', '--output', 'text']
  // `aws eks wait` looks every 30 seconds only.
  for (let attempt = 0; attempt < 60; attempt++) {
    const shown = ok(await lab.aws('eks', 'describe-cluster', '--name', name, ...query))
    const [status, url = ''] = shown.stdout.trim().split('\t')
    if (status === 'ACTIVE') return url
  }
  throw new Error(`cluster ${name} does not become active`)
}

/** Makes the role that clusters are made with. */
export async function createClusterRole(it: Acceptance): Promise<void> {
  const Principal = { Service: 'eks.amazonaws.com' }
  await it.role('eks', {}, document([{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }]))
}

export function roleArn(name: string): string {
  return `arn:aws:iam::${account}:role/${name}`
}

/** A policy document of these statements. */
export function document(Statement: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement })
}

export function trustStatement(provider: string, condition: object): object {
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: condition,
  }
}

export function credentialsOf(answer: WireAnswer): SigningCredentials {
  return {
    accessKeyId: answer.value('AccessKeyId') ?? '',
    secretAccessKey: answer.value('SecretAccessKey') ?? '',
    sessionToken: answer.value('SessionToken') ?? '',
  }
}

/** `status code: message`, or the status alone where there is no error. */
export function outcome(answer: WireAnswer): string {
  const code = answer.value('Code')
  return code ? `${answer.status} ${code}: ${answer.value('Message')}` : String(answer.status)
}

export function registerProvider(
  lab: TestLab,
  issuer: Pick<TestIssuer, 'url' | 'thumbprint'>,
): Promise<CommandResult> {
  return lab.aws(
    ...['iam', 'create-open-id-connect-provider', '--url', issuer.url],
    ...['--client-id-list', 'sts.amazonaws.com', '--thumbprint-list', issuer.thumbprint],
  )
}

/** The environment of a client with these keys, or with none at all. */
export function environmentOf(
  lab: TestLab,
  credentials: SigningCredentials | undefined,
): Record<string, string | undefined> {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = lab.environment
  // A home of its own: the aws command keeps sessions there, also those of labs that are gone.
  const base = { ...rest, HOME: lab.home, AWS_EC2_METADATA_DISABLED: 'true' }
  if (!credentials) return base
  return {
    ...base,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken ? { AWS_SESSION_TOKEN: credentials.sessionToken } : {}),
  }
}

function exchangeBytes(port: number, request: WireRequest): Promise<WireAnswer> {
  const { method = request.body === undefined ? 'GET' : 'POST', target = '/', body } = request
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path: target,
        agent: false,
        headers: {
          ...(body === undefined ? {} : { ...form, 'content-length': Buffer.byteLength(body) }),
          ...request.headers,
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
        })
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            text,
            headers: response.headers,
            value: (name) => elementText(text, name),
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function elementText(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replace(/&(quot|apos|lt|gt|amp|#39);/g, (entity) => entities[entity] ?? entity)
}

const entities: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&apos;': "'",
  '&#39;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
}
