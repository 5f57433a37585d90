/** S3 behind a real gateway, in a directory of its own: for tests with real clients and with hand-signed requests. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { presignQuery, type SigningCredentials, signHeaders } from '../../kernel/sigv4/sign.ts'
import {
  administrator,
  startTestGateway,
  type TestGateway,
  testRegion,
} from '../gateway/testing.ts'
import { openS3 } from './open-s3.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** `Code` of an error body. */
  readonly code: string | undefined
  /** The text of the first element of that name. */
  element(name: string): string | undefined
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Default: the administrator's. */
  readonly credentials?: SigningCredentials | 'none'
  readonly payloadHash?: string
  /** Sign in the query instead; seconds. */
  readonly expiresSeconds?: number
  /** Sends Content-MD5 of the body. */
  readonly md5?: boolean
}

export interface TestS3 extends TestGateway {
  readonly directory: string
  readonly clock: ManualClock
  /** Sends one request, signed now. `target` is the raw path and query: nothing in it is touched. */
  send(method: string, target: string, options?: SendOptions): Promise<Answer>
}

/** Starts a gateway with S3 alone. `tls` (PEM) adds HTTPS on the same port. Ends with the test. */
export async function startTestS3(
  t: Pick<TestContext, 'after'>,
  options: { tls?: { cert: string; key: string } } = {},
): Promise<TestS3> {
  const directory = await mkdtemp(join(tmpdir(), 'podpass-s3-'))
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const s3 = await openS3({ directory, clock, region: testRegion })
  const gateway = await startTestGateway({ services: [s3.service], clock, ...options })
  const agent = new Agent({ keepAlive: true })
  const dispose = async (): Promise<void> => {
    agent.destroy()
    await gateway[Symbol.asyncDispose]()
    await s3[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
  t.after(dispose)
  return {
    ...gateway,
    clock,
    directory,
    send: (method, target, sending = {}) =>
      send(gateway.port, agent, clock, method, target, sending),
    [Symbol.asyncDispose]: dispose,
  }
}

async function send(
  port: number,
  agent: Agent,
  clock: ManualClock,
  method: string,
  target: string,
  options: SendOptions,
): Promise<Answer> {
  const { body, credentials = administrator, payloadHash, expiresSeconds } = options
  const mark = target.indexOf('?')
  const rawPath = mark < 0 ? target : target.slice(0, mark)
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1)
  const given: Record<string, string> = { host: `127.0.0.1:${port}`, ...options.headers }
  if (options.md5)
    given['content-md5'] = createHash('md5')
      .update(body ?? '')
      .digest('base64')
  let path = target
  let headers = given
  if (credentials !== 'none') {
    const signing = {
      method,
      rawPath,
      rawQuery,
      headers: given,
      region: testRegion,
      service: 's3',
      credentials,
      at: clock.now(),
    }
    if (expiresSeconds === undefined) {
      headers = signHeaders({
        ...signing,
        ...(body !== undefined && { body }),
        ...(payloadHash !== undefined && { payloadHash }),
      })
    } else {
      path = `${rawPath}?${presignQuery({ ...signing, expiresSeconds })}`
    }
  }
  const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent })
  sent.end(body)
  return new Promise((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (response) => {
      buffer(response).then((bytes) => {
        const text = bytes.toString('utf8')
        const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          text,
          code: element('Code'),
          element,
        })
      }, reject)
    })
  })
}
