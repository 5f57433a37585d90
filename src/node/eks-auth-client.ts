/** How a node asks EKS Auth for a pod's credentials: over the wire, signed with the node's role. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Credentials } from '../aws/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { Refusal } from '../kernel/refusal.ts'
import { signHeaders } from '../kernel/sigv4/sign.ts'
import type {
  AssumeRoleForPodIdentity,
  EksAuthRefusal,
  PodCredentials,
} from './pod-identity-cache.ts'

export interface EksAuthClientOptions {
  /** Read at each request: `https://127.0.0.1:4566`. */
  readonly endpoint: () => string
  /** PEM of the CA that vouches for the endpoint. */
  readonly caPem: string
  readonly region: string
  readonly clusterName: string
  readonly clock: Clock
  /** The node's own credentials. */
  readonly credentials: () => Credentials | Refusal
}

const answerTimeoutMs = 10_000
const answerBytesMax = 1_048_576

/** A client that keeps its connections; disposing closes them. */
export function createEksAuthClient(
  options: EksAuthClientOptions,
): Disposable & { readonly assume: AssumeRoleForPodIdentity } {
  const secure = new HttpsAgent({ keepAlive: true, ca: options.caPem })
  const plain = new HttpAgent({ keepAlive: true })
  return {
    async assume(token) {
      const credentials = options.credentials()
      if (credentials instanceof Refusal) return silence(credentials.message)
      try {
        return await ask(token, credentials, options, { secure, plain })
      } catch (error) {
        return silence(error instanceof Error ? error.message : String(error))
      }
    },
    [Symbol.dispose]() {
      secure.destroy()
      plain.destroy()
    },
  }
}

async function ask(
  token: string,
  credentials: Credentials,
  { endpoint, region, clusterName, clock }: EksAuthClientOptions,
  agents: { secure: HttpsAgent; plain: HttpAgent },
): Promise<PodCredentials | EksAuthRefusal> {
  const rawPath = `/clusters/${clusterName}/assume-role-for-pod-identity`
  const url = new URL(rawPath, endpoint())
  const body = JSON.stringify({ token })
  const { status, requestId, code, text } = await post(
    url,
    signHeaders({
      method: 'POST',
      rawPath,
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'user-agent': 'eks-pod-identity-agent',
      },
      region,
      service: 'eks-auth',
      credentials,
      at: clock.now(),
      body,
    }),
    body,
    agents,
  )
  const answer = JSON.parse(text) as WireAnswer
  if (status === 200) return credentialsOf(answer)
  return { status, requestId, code, message: answer.message ?? '' }
}

interface WireAnswer {
  readonly message?: string
  readonly assumedRoleUser?: { readonly arn: string }
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken: string
    /** Seconds since the epoch. */
    readonly expiration: number
  }
}

function credentialsOf({ credentials, assumedRoleUser }: WireAnswer): PodCredentials {
  if (!credentials || !assumedRoleUser) throw new Error('EKS Auth gave no credentials')
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    accountId: assumedRoleUser.arn.split(':')[4] ?? '',
    expiration: expiration * 1000,
  }
}

function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  { secure, plain }: { secure: HttpsAgent; plain: HttpAgent },
): Promise<{ status: number; requestId: string; code: string; text: string }> {
  const options = { method: 'POST', headers, timeout: answerTimeoutMs }
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (piece: string) => {
        text += piece
        if (text.length > answerBytesMax) answer.destroy(new Error('EKS Auth answers too much'))
      })
      answer.on('error', reject)
      answer.on('end', () => {
        const requestId = String(answer.headers['x-amzn-requestid'] ?? '')
        const code = String(answer.headers['x-amzn-errortype'] ?? 'Unknown').replace(/:.*/, '')
        resolve({ status: answer.statusCode ?? 0, requestId, code, text })
      })
    }
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: secure }, onAnswer)
        : httpRequest(url, { ...options, agent: plain }, onAnswer)
    outgoing.on('timeout', () => outgoing.destroy(new Error('EKS Auth does not answer')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function silence(message: string): EksAuthRefusal {
  return { requestId: '', code: 'NoAnswer', message }
}
