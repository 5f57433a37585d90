/** An echo service of each protocol behind a gateway, and a client that signs by hand: for the gateway's own tests. */
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { ManualClock } from '../../clock/manual-clock.ts'
import { type SigningCredentials, signHeaders } from '../../kernel/sigv4/sign.ts'
import { echoService } from './echo-service.testing.ts'
import {
  administrator,
  allowing,
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
  testRegion,
} from './testing.ts'

export const weak = { accessKeyId: 'AKIAWEAKWEAKWEAKWEAK', secretAccessKey: 'weak' }
export const inactive = { accessKeyId: 'AKIAINACTIVEINACTIVE', secretAccessKey: 'inactive' }

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly json: Readonly<Record<string, unknown>>
  readonly continued: boolean
}

export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly service?: string
  readonly region?: string
  readonly credentials?: SigningCredentials
  /** ms since the epoch; default: now. */
  readonly at?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payloadHash?: string
  readonly unsigned?: boolean
  /** Headers added or replaced after signing. */
  readonly tamper?: Readonly<Record<string, string>>
  /** Sent instead of the body that was signed. */
  readonly sentBody?: string
}

export interface EchoGateway extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly identities: MemoryIdentities
  readonly clock: ManualClock
  /** Facts of every error that was logged. */
  readonly errors: object[]
  send(sent: Sent): Promise<Answer>
  /** Sends, and checks status and code. */
  check(sent: Sent, status: number, code: string): Promise<Answer>
  /** Sends bytes as they are; resolves with all that came back. */
  raw(text: string): Promise<string>
  /** Credentials of the role `reader`, which may do everything, for `life` ms. */
  session(life?: number): SigningCredentials
}

/** User `weak` may only echo `/weak` at S3; the key of `inactive` is switched off. */
export async function startEchoGateway(
  options: { regions?: readonly string[] } = {},
): Promise<EchoGateway> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const identities = new MemoryIdentities()
  identities.addUser('weak', weak, allowing('s3:Echo', 'arn:aws:s3:::echo/weak'))
  identities.addUser('inactive', inactive)
  const inactiveKey = identities.keys.get(inactive.accessKeyId)
  if (inactiveKey) identities.keys.set(inactive.accessKeyId, { ...inactiveKey, active: false })
  const errors: object[] = []
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (facts: object) => void errors.push(facts),
  }
  const services = (['s3', 'iam', 'eks', 'cloudtrail'] as const).map(echoService)
  const gateway = await startTestGateway({ ...options, services, identities, clock, log })
  const send = (sent: Sent) => exchange(gateway.port, clock.now(), sent)
  return {
    gateway,
    identities,
    clock,
    errors,
    send,
    async check(sent, status, code) {
      const answer = await send(sent)
      assert.equal(`${answer.status} ${String(answer.json['code'])}`, `${status} ${code}`)
      return answer
    },
    raw: (text) => rawExchange(gateway.port, text),
    session(life = 3_600_000) {
      const role = identities.addRole('reader', [allowing('*')])
      return gateway.sessions.issue({
        account: testAccount,
        roleArn: role.arn,
        roleId: role.id,
        roleName: role.name,
        sessionName: 'one',
        issuedAt: clock.now(),
        expiresAt: clock.now() + life,
      })
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

function signed(host: string, now: number, given: Sent): Record<string, string> {
  const { method = 'GET', path = '/any', query = '', service = 's3', body = '' } = given
  if (given.unsigned) return { host, ...given.headers }
  return signHeaders({
    method,
    rawPath: path,
    rawQuery: query,
    headers: { host, ...given.headers },
    region: given.region ?? testRegion,
    service,
    credentials: given.credentials ?? administrator,
    at: given.at ?? now,
    body,
    ...(given.payloadHash === undefined ? {} : { payloadHash: given.payloadHash }),
  })
}

function exchange(port: number, now: number, given: Sent): Promise<Answer> {
  const { method = 'GET', path = '/any', query = '' } = given
  const headers = { ...signed(`127.0.0.1:${port}`, now, given), ...given.tamper }
  const body = given.sentBody ?? given.body ?? ''
  const target = query ? `${path}?${query}` : path
  return new Promise((resolve, reject) => {
    let continued = false
    const request = httpRequest({ host: '127.0.0.1', port, method, path: target, headers })
    request.on('error', reject)
    request.on('continue', () => {
      continued = true
      request.end(body)
    })
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => {
        const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
        const status = response.statusCode ?? 0
        resolve({ status, headers: response.headers, body: text, json, continued })
        request.destroy()
      })
    })
    if (given.headers?.['expect']) request.flushHeaders()
    else request.end(body)
  })
}

function rawExchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text))
    let answer = ''
    socket.on('data', (piece) => {
      answer += piece.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', () => resolve(answer))
  })
}
