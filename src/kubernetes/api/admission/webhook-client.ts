/** The HTTPS call to a webhook, with its CA bundle, its time limit, and Go's words for what can fail. */
import { request as httpsRequest } from 'node:https'
import type { Webhook } from '../resources/mutating-webhook-configurations.ts'

/** Where a service of the cluster can be reached; undefined: nothing listens for it. */
export type ServiceAddress = (
  namespace: string,
  name: string,
  port: number,
) => { readonly host: string; readonly port: number } | undefined

/** Why a webhook gave no answer; the message stands in the client's error. */
export class WebhookCallFailure extends Error {}

const answerBytesMax = 3 * 1024 * 1024

interface Target {
  readonly url: URL
  /** Where to connect, when the URL's host is a name of the cluster. */
  readonly connect?: { readonly host: string; readonly port: number }
}

/** Posts a review and gives the answer's JSON. Throws WebhookCallFailure. */
export async function callWebhook(
  webhook: Webhook,
  review: object,
  serviceAddress: ServiceAddress | undefined,
): Promise<unknown> {
  const seconds = webhook.timeoutSeconds ?? 10
  const { url, connect } = targetOf(webhook, serviceAddress)
  url.searchParams.set('timeout', `${seconds}s`)
  const caBundle = webhook.clientConfig?.caBundle
  const { status, text } = await post(url, JSON.stringify(review), {
    timeoutMs: seconds * 1000,
    ...(connect ? { connect } : {}),
    ...(caBundle ? { ca: Buffer.from(caBundle, 'base64').toString() } : {}),
  }).catch((error) => {
    throw failure(`Post ${JSON.stringify(url.href)}: ${goText(error)}`, error)
  })
  if (status < 200 || status > 299) throw failure(statusText(status, text))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw failure(`couldn't get version/kind; json parse error: ${(error as Error).message}`, error)
  }
}

function failure(why: string, cause?: unknown): WebhookCallFailure {
  return new WebhookCallFailure(why, { cause })
}

function targetOf(webhook: Webhook, serviceAddress: ServiceAddress | undefined): Target {
  const { url, service } = webhook.clientConfig ?? {}
  if (url !== undefined) return { url: new URL(url) }
  const { namespace = '', name = '', path = '/', port = 443 } = service ?? {}
  const inCluster = new URL(`https://${name}.${namespace}.svc:${port}`)
  inCluster.pathname = path
  const connect = serviceAddress?.(namespace, name, port)
  if (!connect) {
    const text = `https://${name}.${namespace}.svc:${port}${path}?timeout=${webhook.timeoutSeconds ?? 10}s`
    throw failure(
      `Post ${JSON.stringify(text)}: no endpoints available for service ${JSON.stringify(name)}`,
    )
  }
  return { url: inCluster, connect }
}

interface PostOptions {
  readonly timeoutMs: number
  readonly connect?: { readonly host: string; readonly port: number }
  readonly ca?: string
}

function post(
  url: URL,
  body: string,
  { timeoutMs, connect, ca }: PostOptions,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: connect?.host ?? url.hostname.replace(/^\[|\]$/g, ''),
        port: connect?.port ?? (url.port || 443),
        path: url.pathname + url.search,
        method: 'POST',
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          Host: url.host,
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          Accept: 'application/json, */*',
          'User-Agent': 'kube-apiserver-admission',
        },
        ...(/^[\d.]+$|:/.test(url.hostname) ? {} : { servername: url.hostname }),
        ...(ca ? { ca } : {}),
      },
      (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > answerBytesMax) request.destroy(new Error('response body is too large'))
          chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Node's errors in the words of Go's HTTP client. */
function goText(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  const { code = '', address, port, message } = error
  if (error.name === 'AbortError' || error.name === 'TimeoutError' || code === 'ABORT_ERR') {
    return 'context deadline exceeded'
  }
  if (code === 'ECONNREFUSED') return `dial tcp ${address}:${port}: connect: connection refused`
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${message.split(' ').at(-1)}: no such host`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const why = message.replace(/^.*altnames: /, '')
    return `tls: failed to verify certificate: x509: ${why}`
  }
  if (/SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE/.test(code)) {
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid'
  }
  return code === 'ECONNRESET' ? 'EOF' : message
}

function statusText(status: number, text: string): string {
  if (status === 404) return 'the server could not find the requested resource'
  const said = text.slice(0, 1024).trim() || 'unknown'
  if (status >= 500) {
    return `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`
  }
  return `the server rejected our request for an unknown reason (${status})`
}
