/** Recorded decisions, read through CloudTrail's LookupEvents as anybody with the right may. */

import type { PodSubject } from '../audit/audit-log.ts'
import type { Verdict } from '../chain/verdict.ts'
import type { RecordedDecision } from '../chain/views/why.ts'
import type { AwsAccess } from './aws.ts'
import { CliFailure } from './failure.ts'
import { signedPost } from './signed-post.ts'

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
  const answer = await signedPost(aws, {
    service: 'cloudtrail',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
    },
    body: JSON.stringify(body),
    at: now,
    timeoutMs: 30_000,
  })
  const parsed = JSON.parse(answer.text) as LookupAnswer & { __type?: string; message?: string }
  if (answer.status === 200) return parsed
  throw new CliFailure(`${parsed.__type ?? answer.status}: ${parsed.message ?? 'refused'}`, {
    hints: ['you need the right cloudtrail:LookupEvents'],
  })
}
