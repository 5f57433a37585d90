/** Service-linked roles: made for an AWS service, changed by nobody else. */
import type { GranteeKind } from './deps.ts'
import { refuse } from './errors.ts'
import { existing } from './find.ts'
import { linkedRoleNames } from './linked-role-names.ts'
import type { GranteeRecord, RecordOf, RoleRecord } from './records.ts'

/** What a service's linked role is like; `policyArn` is undefined where we do not know its policy. */
export interface LinkedRole {
  readonly name: string
  readonly path: string
  readonly policyArn?: string
  readonly trustPolicy: string
}

/** The linked role of a service (`eks.amazonaws.com`), with AWS's suffix if it has one. */
export function linkedRole(service: string, suffix: string | undefined): LinkedRole {
  const row = linkedRoleNames.get(service)
  const name = row?.name ?? service.split('.')[0]
  return {
    name: `AWSServiceRoleFor${name}${suffix === undefined ? '' : `_${suffix}`}`,
    path: `/aws-service-role/${service}/`,
    ...(row?.policy && { policyArn: `arn:aws:iam::aws:policy/aws-service-role/${row.policy}` }),
    trustPolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    }),
  }
}

/** Refuses a suffix to a service whose role there is only one of. */
export function refuseSuffix(service: string, suffix: string | undefined): void {
  if (suffix !== undefined && linkedRoleNames.get(service)?.takesSuffix === false) {
    throw refuse.InvalidInput({ text: `Custom suffix is not allowed for ${service}` })
  }
}

/** Refuses to change a role that belongs to a service. */
export function refuseLinked(role: RoleRecord): void {
  if (role.linkedService !== undefined) throw refuse.UnmodifiableEntity({ name: role.name })
}

/** The grantee that is to be changed, which must be there and not belong to a service. */
export function changeableGrantee<K extends GranteeKind>(
  found: RecordOf[K] | undefined,
  kind: K,
  name: string,
): GranteeRecord {
  const grantee: GranteeRecord = existing(found, kind, name)
  if (kind === 'role') refuseLinked(grantee as RoleRecord)
  return grantee
}
