/** How an agent on a node asks STS for a pod's role: AssumeRole over the wire, signed with a session that it has itself. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Credentials } from '../aws/caller.ts'
import { parseXml, type XmlElement } from '../aws/protocol/xml-reader.ts'
import type { Clock } from '../kernel/clock.ts'
import { Refusal } from '../kernel/refusal.ts'
import { signHeaders } from '../kernel/sigv4/sign.ts'
import type { AssumedCredentials, AssumeRefusal, AssumeRequest, AssumeRole } from './role-proxy.ts'

export interface StsClientOptions {
  /** Read at each request: `https://127.0.0.1:4566`. */
  readonly endpoint: () => string
  /** PEM of the CA that vouches for the endpoint. */
  readonly caPem: string
  readonly region: string
  readonly clock: Clock
  readonly userAgent: string
  /** The session that signs; it may remember which pod it was made for. */
  readonly credentials: (pod: PodSubject | undefined) => Credentials | Refusal
}

const answerTimeoutMs = 10_000
const answerBytesMax = 1_048_576

/** A client that keeps its connections; disposing closes them. Its answers are never rejections. */
export function createStsClient(
  options: StsClientOptions,
): Disposable & { readonly assume: AssumeRole } {
  const secure = new HttpsAgent({ keepAlive: true, ca: options.caPem })
  const plain = new HttpAgent({ keepAlive: true })
  return {
    async assume(request) {
      const credentials = options.credentials(request.pod)
      if (credentials instanceof Refusal) return silence('NoCredentialProviders', credentials)
      try {
        return await ask(request, credentials, options, { secure, plain })
      } catch (error) {
        return silence('RequestError', error)
      }
    },
    [Symbol.dispose]() {
      secure.destroy()
      plain.destroy()
    },
  }
}

async function ask(
  { roleArn, sessionName, durationSeconds, externalId }: AssumeRequest,
  credentials: Credentials,
  { endpoint, region, clock, userAgent }: StsClientOptions,
  agents: { secure: HttpsAgent; plain: HttpAgent },
): Promise<AssumedCredentials | AssumeRefusal> {
  const url = new URL('/', endpoint())
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    DurationSeconds: String(durationSeconds),
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  }).toString()
  const headers = signHeaders({
    method: 'POST',
    rawPath: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': userAgent,
    },
    region,
    service: 'sts',
    credentials,
    at: clock.now(),
    body,
  })
  const { status, bytes } = await post(url, headers, body, agents)
  const root = parseXml(bytes)
  if (status === 200) return credentialsOf(root)
  return {
    status,
    code: textOf(root, 'Code') ?? 'Unknown',
    message: textOf(root, 'Message') ?? '',
    requestId: textOf(root, 'RequestId') ?? '',
  }
}

function credentialsOf(root: XmlElement): AssumedCredentials {
  const value = (name: string) => {
    const text = textOf(root, name)
    if (text === undefined) throw new Error(`STS gave no ${name}`)
    return text
  }
  return {
    accessKeyId: value('AccessKeyId'),
    secretAccessKey: value('SecretAccessKey'),
    sessionToken: value('SessionToken'),
    expiration: Date.parse(value('Expiration')),
  }
}

/** The text of the first element of this name. */
function textOf(element: XmlElement, name: string): string | undefined {
  if (element.name === name) return element.text
  for (const child of element.children) {
    const found = textOf(child, name)
    if (found !== undefined) return found
  }
  return undefined
}

function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  { secure, plain }: { secure: HttpsAgent; plain: HttpAgent },
): Promise<{ status: number; bytes: Buffer }> {
  const options = { method: 'POST', headers, timeout: answerTimeoutMs }
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage) => {
      const pieces: Buffer[] = []
      let size = 0
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece)
        size += piece.length
        if (size > answerBytesMax) answer.destroy(new Error('STS answers too much'))
      })
      answer.on('error', reject)
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, bytes: Buffer.concat(pieces) })
      })
    }
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: secure }, onAnswer)
        : httpRequest(url, { ...options, agent: plain }, onAnswer)
    outgoing.on('timeout', () => outgoing.destroy(new Error('STS does not answer')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function silence(code: string, error: unknown): AssumeRefusal {
  const message = error instanceof Error ? error.message : String(error)
  return { code, message, requestId: '' }
}
