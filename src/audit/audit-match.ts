/** Which records a query means. */
import type { AuditQuery, AuditRecord } from './audit-log.ts'
import { isReadOnly } from './read-only.ts'

/** True where every field that the query gives fits. Position and limit are the log's own. */
export function matches(record: AuditRecord, query: AuditQuery): boolean {
  const { subject, caller, at } = record
  return (
    fits(query.requestId, record.requestId) &&
    fits(query.outcome, record.outcome) &&
    fits(query.cluster, subject?.cluster) &&
    fits(query.namespace, subject?.namespace) &&
    fits(query.pod, subject?.pod) &&
    fits(query.podUid, subject?.podUid) &&
    fits(query.operation, record.operation) &&
    fits(query.accessKeyId, caller.accessKeyId) &&
    fits(query.account, record.account) &&
    fits(query.service, record.service) &&
    (query.since === undefined || at >= query.since) &&
    (query.until === undefined || at <= query.until) &&
    (query.readOnly === undefined || query.readOnly === isReadOnly(record.operation)) &&
    (query.userName === undefined || query.userName === userNameOf(record)) &&
    (query.resourceName === undefined || resourceNames(record).includes(query.resourceName))
  )
}

/** Texts of which each stands in the JSON of every record that the query means: what a search can look for first. */
export function textsOf(query: AuditQuery): string[] {
  const { requestId, outcome, cluster, namespace, pod, podUid, operation, accessKeyId } = query
  const members = {
    requestId,
    outcome,
    cluster,
    namespace,
    pod,
    podUid,
    operation,
    accessKeyId,
    account: query.account,
    service: query.service,
  }
  const named = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `"${name}":${JSON.stringify(value)}`)
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

function fits(wanted: string | undefined, actual: string | undefined): boolean {
  return wanted === undefined || wanted === actual
}
