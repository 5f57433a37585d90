/** LookupEvents: the account's events of the last 90 days, newest first, with the chain's verdicts in each. */
import type { AuditLog, AuditQuery, AuditRecord } from '../../../audit/audit-log.ts'
import { userNameOf } from '../../../audit/audit-match.ts'
import { cloudTrailEvent, eventSource } from '../../../audit/cloudtrail-event.ts'
import { isReadOnly } from '../../../audit/read-only.ts'
import { errors, type Operation } from '../../operation.ts'

const refuse = errors({
  InvalidLookupAttributesException: [400, 'You must provide one valid lookup attribute.'],
  InvalidMaxResultsException: [400, 'MaxResults must be between 1 and 50.'],
  InvalidNextTokenException: [400, 'The token provided is not valid.'],
  InvalidTimeRangeException: [400, 'The start time must be before the end time.'],
})

/** As in the API model; times arrive as Date. */
interface Input {
  readonly LookupAttributes?: readonly { AttributeKey?: string; AttributeValue?: string }[]
  readonly StartTime?: Date
  readonly EndTime?: Date
  readonly MaxResults?: number
  readonly NextToken?: string
}

interface Output {
  readonly Events: readonly Readonly<Record<string, unknown>>[]
  readonly NextToken?: string
}

interface Deps {
  readonly audit: Pick<AuditLog, 'find'>
}

const pageMax = 50
const reachMs = 90 * 86_400_000

export const lookupEvents: Operation<Input, Output, Deps> = {
  name: 'LookupEvents',
  access: () => [{ action: 'cloudtrail:LookupEvents', resource: '*' }],
  handle(input, call, { audit }) {
    const { MaxResults = pageMax, StartTime, EndTime, NextToken } = input
    if (!Number.isInteger(MaxResults) || MaxResults < 1 || MaxResults > pageMax) {
      throw refuse.InvalidMaxResultsException()
    }
    if (StartTime && EndTime && StartTime > EndTime) throw refuse.InvalidTimeRangeException()
    const before = NextToken === undefined ? undefined : readToken(NextToken)
    const found = audit.find({
      ...attributeQuery(input.LookupAttributes ?? []),
      account: call.account,
      since: StartTime?.getTime() ?? call.at - reachMs,
      ...(EndTime ? { until: EndTime.getTime() } : {}),
      ...(before === undefined ? {} : { beforeSequence: before }),
      limit: MaxResults + 1,
    })
    const page = found.slice(0, MaxResults)
    const last = page.at(-1)?.sequence
    return {
      Events: page.map(event),
      ...(found.length > page.length && last !== undefined ? { NextToken: writeToken(last) } : {}),
    }
  },
}

function attributeQuery(attributes: NonNullable<Input['LookupAttributes']>): AuditQuery {
  const [attribute, ...more] = attributes
  if (!attribute) return {}
  const { AttributeKey, AttributeValue = '' } = attribute
  if (more.length > 0 || AttributeValue === '') throw refuse.InvalidLookupAttributesException()
  switch (AttributeKey) {
    case 'EventId':
      return { requestId: AttributeValue }
    case 'EventName':
      return { operation: AttributeValue }
    case 'EventSource':
      return { service: serviceOf(AttributeValue) }
    case 'Username':
      return { userName: AttributeValue }
    case 'AccessKeyId':
      return { accessKeyId: AttributeValue }
    case 'ReadOnly':
      return { readOnly: AttributeValue === 'true' }
    case 'ResourceName':
    case 'ResourceType': // types stand among the names
      return { resourceName: AttributeValue }
    default:
      throw refuse.InvalidLookupAttributesException()
  }
}

function serviceOf(source: string): string {
  return source.replace(/\.amazonaws\.com$/, '')
}

function event(record: AuditRecord): Readonly<Record<string, unknown>> {
  const userName = userNameOf(record)
  const { accessKeyId } = record.caller
  return {
    EventId: record.requestId,
    EventName: record.operation,
    ReadOnly: String(isReadOnly(record.operation)),
    ...(accessKeyId === undefined ? {} : { AccessKeyId: accessKeyId }),
    EventTime: new Date(Math.floor(record.at / 1000) * 1000),
    EventSource: eventSource(record.service),
    ...(userName === undefined ? {} : { Username: userName }),
    Resources: resources(record),
    CloudTrailEvent: JSON.stringify(cloudTrailEvent(record)),
  }
}

function resources({ resources: named, resource }: AuditRecord) {
  if (named) return named.map(({ arn, type }) => ({ ResourceType: type, ResourceName: arn }))
  if (resource === undefined || resource === '*') return []
  const type = resource.startsWith('arn:aws:s3:::')
    ? { ResourceType: resource.includes('/') ? 'AWS::S3::Object' : 'AWS::S3::Bucket' }
    : {}
  return [{ ...type, ResourceName: resource }]
}

/** Opaque to the client: the position after which the next page goes on. */
function writeToken(sequence: number): string {
  return Buffer.from(`v1:${sequence}`).toString('base64url')
}

function readToken(token: string): number {
  const match = /^v1:(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (!match) throw refuse.InvalidNextTokenException()
  return Number(match[1])
}
