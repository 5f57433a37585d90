/** An audit record in CloudTrail's form. */
import { isoSeconds } from '../kernel/iso-time.ts'
import type { AuditRecord } from './audit-log.ts'
import { isReadOnly } from './read-only.ts'

const eventSources: Readonly<Record<string, string>> = {
  'rds-db': 'rds.amazonaws.com',
  'eks-auth': 'eks-auth.amazonaws.com',
}

/** `s3.amazonaws.com`. */
export function eventSource(service: string): string {
  return eventSources[service] ?? `${service}.amazonaws.com`
}

/**
 * CloudTrail's record (event version 1.08). The chain's verdicts are in `additionalEventData.podpass`: `links`,
 * `subject`, `action`, `resource`, `outcome`.
 */
export function cloudTrailEvent(record: AuditRecord): Readonly<Record<string, unknown>> {
  const { subject, action, resource, outcome, links } = record
  return {
    eventVersion: '1.08',
    userIdentity: record.userIdentity ?? {},
    eventTime: isoSeconds(record.at),
    eventSource: eventSource(record.service),
    eventName: record.operation,
    awsRegion: record.region,
    sourceIPAddress: record.sourceIp,
    userAgent: record.userAgent,
    ...(record.errorCode === undefined ? {} : { errorCode: record.errorCode }),
    ...(record.errorMessage === undefined ? {} : { errorMessage: record.errorMessage }),
    requestParameters: record.requestParameters ?? null,
    responseElements: record.responseElements ?? null,
    additionalEventData: {
      podpass: { links, subject, action, resource, outcome, status: record.status },
    },
    requestID: record.requestId,
    eventID: record.requestId,
    readOnly: isReadOnly(record.operation),
    ...(record.resources
      ? {
          resources: record.resources.map(({ arn, type }) => ({
            ARN: arn,
            accountId: record.account,
            type,
          })),
        }
      : {}),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: record.account,
    eventCategory: 'Management',
  }
}
