/** The few calls of EC2 that commands make, signed here: EC2's client library is larger than all the others together. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { signHeaders } from '../kernel/sigv4/sign.ts'
import { type AwsAccess, caCertificates } from './aws.ts'
import { CliFailure } from './failure.ts'

const answerTimeoutMs = 60_000

/** A launch template with which pods get nothing from instance metadata, as eksctl's `disablePodIMDS` makes one. */
export async function createClosedTemplate(aws: AwsAccess, name: string): Promise<void> {
  try {
    await ec2Call(aws, 'CreateLaunchTemplate', {
      LaunchTemplateName: name,
      'LaunchTemplateData.MetadataOptions.HttpTokens': 'required',
      'LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit': '1',
    })
  } catch (error) {
    if (!/AlreadyExists/.test(String(error))) throw error
  }
}

export async function deleteTemplate(aws: AwsAccess, name: string): Promise<void> {
  try {
    await ec2Call(aws, 'DeleteLaunchTemplate', { LaunchTemplateName: name })
  } catch (error) {
    if (!/NotFound/.test(String(error))) throw error
  }
}

/** As eksctl names it. */
export function templateName(cluster: string, nodegroup: string): string {
  return `eksctl-${cluster}-nodegroup-${nodegroup}`
}

/** Throws a CliFailure with EC2's own code and text. */
async function ec2Call(
  aws: AwsAccess,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const { region, environment } = aws
  const endpoint =
    environment['AWS_ENDPOINT_URL_EC2'] ??
    environment['AWS_ENDPOINT_URL'] ??
    `https://ec2.${region}.amazonaws.com`
  const url = new URL('/', endpoint)
  const body = new URLSearchParams({
    Action: action,
    Version: '2016-11-15',
    ...parameters,
  }).toString()
  const { accessKeyId, secretAccessKey, sessionToken } = await (
    await aws.sts()
  ).config.credentials()
  const headers = signHeaders({
    method: 'POST',
    rawPath: '/',
    headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded' },
    region,
    service: 'ec2',
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    at: Date.now(),
    body,
  })
  const { status, text } = await post(url, headers, body, environment['AWS_CA_BUNDLE'])
  if (status === 200) return text
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? `HTTP ${status}`
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? ''
  throw new CliFailure(`${code}: ${message}`, {
    hints: /not authorized/.test(message) ? ['why:    podpass why'] : [],
  })
}

function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  bundle: string | undefined,
): Promise<{ status: number; text: string }> {
  const options = { method: 'POST', headers, timeout: answerTimeoutMs }
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
    outgoing.on('timeout', () => outgoing.destroy(new Error('EC2 does not answer')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
