/** CloudTrail, as far as it looks events up: the audit log through AWS's own API. */
import type { AuditLog } from '../../audit/audit-log.ts'
import type { AwsService } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import { loadModel } from '../protocol/load-model.ts'
import type { OperationName } from './operation-names.gen.ts'
import { lookupEvents } from './operations/lookup-events.ts'

/** What the operations stand on. */
export interface CloudTrailDeps {
  readonly audit: Pick<AuditLog, 'find'>
}

/** The table; operations of the model that are not in it are not served. */
export const operations = {
  LookupEvents: lookupEvents,
} as const satisfies Partial<Record<OperationName, object>>

export function createCloudTrail(deps: CloudTrailDeps): AwsService {
  const model = loadModel('cloudtrail')
  return {
    ...bindService({ model, operations, deps }),
    targetPrefixes: [
      'CloudTrail_20131101',
      'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101',
    ],
  }
}
