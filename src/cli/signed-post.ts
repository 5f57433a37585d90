/** A signed POST to an AWS API for which the command line brings no client library. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { signHeaders } from '../kernel/sigv4/sign.ts'
import { type AwsAccess, caCertificates } from './aws.ts'

export interface SignedPost {
  /** Signing name and host label: `ec2`, `cloudtrail`. */
  readonly service: string
  /** Beside `host`; all are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** ms since the epoch. */
  readonly at: number
  readonly timeoutMs: number
}

/** Sends it to the service's endpoint of the environment, else to AWS's own; rejects where nothing answers. */
export async function signedPost(
  aws: AwsAccess,
  { service, headers, body, at, timeoutMs }: SignedPost,
): Promise<{ status: number; text: string }> {
  const { region, environment } = aws
  const endpoint =
    environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ??
    environment['AWS_ENDPOINT_URL'] ??
    `https://${service}.${region}.amazonaws.com`
  const url = new URL('/', endpoint)
  const client = await aws.sts()
  const signed = signHeaders({
    method: 'POST',
    rawPath: '/',
    headers: { host: url.host, ...headers },
    region,
    service,
    credentials: await client.config.credentials(),
    at,
    body,
  })
  const bundle = environment['AWS_CA_BUNDLE']
  const options = { method: 'POST', headers: signed, timeout: timeoutMs }
  return new Promise((resolve, reject) => {
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, ...(bundle && { ca: caCertificates(bundle) }) })
        : httpRequest(url, options)
    outgoing.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (piece: string) => {
        text += piece
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${service} does not answer`)))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
