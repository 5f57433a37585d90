/** Recorded decisions, read through CloudTrail's LookupEvents as anybody with the right may. */

import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Verdict } from '../chain/verdict.ts'
import type { RecordedDecision } from '../chain/views/why.ts'
import { signHeaders } from '../kernel/sigv4/sign.ts'
import type { AwsAccess } from './aws.ts'
import { CliFailure } from './failure.ts'

/** A decision and the pod it came from, where that is known. */
export interface Decision extends RecordedDecision {
  readonly subject?: PodSubject
}

interface CloudTrailEvent {
  readonly eventTime: string
  readonly eventName: string
  readonly requestID: string
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly userIdentity?: { readonly arn?: string }
  readonly additionalEventData?: {
    readonly podpass?: {
      readonly links: readonly Verdict[]
      readonly subject?: PodSubject
      readonly action?: string
      readonly resource?: string
      readonly outcome: RecordedDecision['outcome']
    }
  }
}

interface LookupAttribute {
  readonly AttributeKey: string
  readonly AttributeValue: string
}

/** Newest first, page by page, as far as the reader goes on; at most 2,000 are looked at. */
export async function* decisions(
  aws: AwsAccess,
  now: number,
  attribute?: LookupAttribute,
): AsyncGenerator<Decision> {
  for await (const event of recordedEvents(aws, now, attribute)) {
    const decision = toDecision(event as CloudTrailEvent)
    if (decision) yield decision
  }
}

/** CloudTrail's records themselves, in the same order and number. */
export async function* recordedEvents(
  aws: AwsAccess,
  now: number,
  attribute?: LookupAttribute,
): AsyncGenerator<unknown> {
  let NextToken: string | undefined
  for (let page = 0; page < 40; page++) {
    const answer = await lookUp(aws, now, {
      MaxResults: 50,
      ...(attribute && { LookupAttributes: [attribute] }),
      ...(NextToken && { NextToken }),
    })
    for (const { CloudTrailEvent: text } of answer.Events ?? []) yield JSON.parse(text)
    NextToken = answer.NextToken
    if (!NextToken) return
  }
}

function toDecision(event: CloudTrailEvent): Decision | undefined {
  const ours = event.additionalEventData?.podpass
  if (!ours) return undefined
  return {
    requestId: event.requestID,
    time: event.eventTime,
    outcome: ours.outcome,
    operation: event.eventName,
    links: ours.links,
    ...(ours.action && { action: ours.action }),
    ...(ours.resource && { resource: ours.resource }),
    ...(ours.subject && { subject: ours.subject }),
    ...(ours.subject?.serviceAccount && {
      serviceAccount: `${ours.subject.namespace}/${ours.subject.serviceAccount}`,
    }),
    ...(event.userIdentity?.arn && { callerArn: event.userIdentity.arn }),
    ...(event.errorCode && { errorCode: event.errorCode }),
    ...(event.errorMessage && { errorMessage: event.errorMessage }),
  }
}

interface LookupAnswer {
  readonly Events?: readonly { readonly CloudTrailEvent: string }[]
  readonly NextToken?: string
}

async function lookUp(aws: AwsAccess, now: number, body: object): Promise<LookupAnswer> {
  const { environment, region } = aws
  const endpoint = new URL(
    environment['AWS_ENDPOINT_URL_CLOUDTRAIL'] ??
      environment['AWS_ENDPOINT_URL'] ??
      `https://cloudtrail.${region}.amazonaws.com`,
  )
  const client = await aws.sts()
  const text = JSON.stringify(body)
  const headers = signHeaders({
    method: 'POST',
    rawPath: '/',
    headers: {
      host: endpoint.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
    },
    region,
    service: 'cloudtrail',
    credentials: await client.config.credentials(),
    at: now,
    body: text,
  })
  const answer = await post(endpoint, headers, text, environment['AWS_CA_BUNDLE'])
  const parsed = JSON.parse(answer.text) as LookupAnswer & { __type?: string; message?: string }
  if (answer.status === 200) return parsed
  throw new CliFailure(`${parsed.__type ?? answer.status}: ${parsed.message ?? 'refused'}`, {
    hints: ['you need the right cloudtrail:LookupEvents'],
  })
}

function post(
  endpoint: URL,
  headers: Record<string, string>,
  body: string,
  bundle: string | undefined,
): Promise<{ status: number; text: string }> {
  const secure = endpoint.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(
      endpoint,
      {
        method: 'POST',
        headers,
        timeout: 30_000,
        ...(secure && bundle && { ca: [...rootCertificates, readFileSync(bundle, 'utf8')] }),
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
