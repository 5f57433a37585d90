/** Which records a query means. */
import type { AuditQuery, AuditRecord } from './audit-log.ts'
import { isReadOnly } from './read-only.ts'

/** What a query asks of by a text that stands in the record. */
const texts = {
  requestId: (record) => record.requestId,
  outcome: (record) => record.outcome,
  cluster: ({ subject }) => subject?.cluster,
  namespace: ({ subject }) => subject?.namespace,
  pod: ({ subject }) => subject?.pod,
  podUid: ({ subject }) => subject?.podUid,
  operation: (record) => record.operation,
  accessKeyId: ({ caller }) => caller.accessKeyId,
  account: (record) => record.account,
  service: (record) => record.service,
} satisfies Partial<Record<keyof AuditQuery, (record: AuditRecord) => string | undefined>>

const names = Object.keys(texts) as (keyof typeof texts)[]

/** True where every field that the query gives fits. Position and limit are the log's own. */
export function matches(record: AuditRecord, query: AuditQuery): boolean {
  const { at } = record
  return (
    names.every((name) => query[name] === undefined || query[name] === texts[name](record)) &&
    (query.since === undefined || at >= query.since) &&
    (query.until === undefined || at <= query.until) &&
    (query.readOnly === undefined || query.readOnly === isReadOnly(record.operation)) &&
    (query.userName === undefined || query.userName === userNameOf(record)) &&
    (query.resourceName === undefined || resourceNames(record).includes(query.resourceName))
  )
}

/** Texts of which each stands in the packed JSON of every record that the query means: what a search can look for first. */
export function textsOf(query: AuditQuery): string[] {
  const named = names
    .filter((name) => query[name] !== undefined)
    .map((name) => JSON.stringify(query[name]))
  const { resourceName } = query
  return resourceName === undefined ? named : [...named, JSON.stringify(resourceName).slice(1, -1)]
}

/** CloudTrail's user name: of a user his, of a session the session's, of a web identity the token's subject. */
export function userNameOf({ userIdentity, caller }: AuditRecord): string | undefined {
  const named = userIdentity?.['userName']
  if (typeof named === 'string') return named
  return caller.type === 'root' ? 'root' : caller.arn?.split('/').at(-1)
}

/** Every ARN, its last part and its type (no name looks like `AWS::IAM::Role`), and the key that was issued. */
function resourceNames({ resource, resources = [], responseElements }: AuditRecord): string[] {
  const arns = [...resources.map(({ arn }) => arn), ...(resource ? [resource] : [])]
  const issued = responseElements?.['credentials']
  const key = (issued as { accessKeyId?: unknown } | undefined)?.accessKeyId
  return [
    ...arns.flatMap((arn) => [arn, arn.split(/[/:]/).at(-1) ?? arn]),
    ...resources.map(({ type }) => type),
    ...(typeof key === 'string' ? [key] : []),
  ]
}
