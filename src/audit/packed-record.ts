/** Audit records in as little text as their values need: every request pays for its record, few records are ever read. */
import type { Evidence, Verdict } from '../chain/verdict.ts'
import type { AuditRecord, PodSubject } from './audit-log.ts'

/** What every record has by position, the rest under its own names. JSON has `null` for what is absent. */
export type PackedRecord = readonly [
  requestId: string,
  at: number,
  region: string,
  account: string,
  service: string,
  operation: string,
  sourceIp: string,
  userAgent: string,
  outcome: AuditRecord['outcome'],
  status: number,
  caller: readonly [type: AuditRecord['caller']['type'], arn: Text, accessKeyId: Text],
  subject: PackedSubject | 0,
  links: readonly PackedVerdict[],
  rest: Rest,
]

type Rest = Pick<
  AuditRecord,
  | 'action'
  | 'resource'
  | 'errorCode'
  | 'errorMessage'
  | 'userIdentity'
  | 'requestParameters'
  | 'responseElements'
  | 'resources'
>
type Text = string | null | undefined
type PackedSubject = readonly [
  cluster: string,
  namespace: string,
  account: Text,
  pod: Text,
  uid: Text,
]
type PackedEvidence = readonly [key: Text, actual: Text, source?: Text, wanted?: Text, by?: Text]
type PackedVerdict = readonly [
  link: Verdict['link'],
  verdict: Verdict['verdict'],
  summary: string,
  evidence: readonly PackedEvidence[],
  fix?: string,
]

/** `sequence` is not part of it: the log knows where a record lies. */
export function packRecord(record: AuditRecord): PackedRecord {
  const { caller, subject } = record
  return [
    record.requestId,
    record.at,
    record.region,
    record.account,
    record.service,
    record.operation,
    record.sourceIp,
    record.userAgent,
    record.outcome,
    record.status,
    [caller.type, caller.arn, caller.accessKeyId],
    subject ? packSubject(subject) : 0,
    record.links.map(packVerdict),
    {
      action: record.action,
      resource: record.resource,
      errorCode: record.errorCode,
      errorMessage: record.errorMessage,
      userIdentity: record.userIdentity,
      requestParameters: record.requestParameters,
      responseElements: record.responseElements,
      resources: record.resources,
    } as Rest,
  ]
}

function packSubject({ cluster, namespace, serviceAccount, pod, podUid }: PodSubject) {
  return [cluster, namespace, serviceAccount, pod, podUid] as const
}

function packVerdict({ link, verdict, summary, evidence, fix }: Verdict): PackedVerdict {
  const packed = evidence.map(packEvidence)
  return fix === undefined
    ? [link, verdict, summary, packed]
    : [link, verdict, summary, packed, fix]
}

function packEvidence({ key, actual, source, wanted, operator }: Evidence): PackedEvidence {
  if (wanted !== undefined || operator !== undefined) return [key, actual, source, wanted, operator]
  return source === undefined ? [key, actual] : [key, actual, source]
}

/** The record that `packRecord` was given, after a way through JSON. */
export function unpackRecord(packed: PackedRecord): AuditRecord {
  const [requestId, at, region, account, service, operation, sourceIp, userAgent] = packed
  const [, , , , , , , , outcome, status, [type, arn, accessKeyId], subject, links, rest] = packed
  return {
    ...{ requestId, at, region, account, service, operation, sourceIp, userAgent },
    ...{ outcome, status },
    caller: { type, ...present({ arn, accessKeyId }) },
    ...(subject === 0 ? {} : { subject: unpackSubject(subject) }),
    links: links.map(unpackVerdict),
    ...rest,
  }
}

function unpackSubject([
  cluster,
  namespace,
  serviceAccount,
  pod,
  podUid,
]: PackedSubject): PodSubject {
  return { cluster, namespace, ...present({ serviceAccount, pod, podUid }) }
}

function unpackVerdict([link, verdict, summary, evidence, fix]: PackedVerdict): Verdict {
  const unpacked = evidence.map(([key, actual, source, wanted, operator]) =>
    present({ source, key, operator, wanted, actual }),
  )
  return { link, verdict, summary, evidence: unpacked, ...(fix === undefined ? {} : { fix }) }
}

/** Without the members that are absent. */
function present<Name extends string>(
  texts: Readonly<Record<Name, Text>>,
): Readonly<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {}
  for (const name in texts) {
    const text = texts[name]
    if (text !== null && text !== undefined) found[name] = text
  }
  return found
}
