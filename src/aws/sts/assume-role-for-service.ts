/** Role sessions for a service principal: how a node's metadata service comes by the node role's credentials. */
import type { PodSubject } from '../../audit/audit-log.ts'
import { judgeTrust } from '../../chain/links/trust.ts'
import { isoMillis } from '../../kernel/iso-time.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Credentials, RoleDelivery } from '../caller.ts'
import type { StsDeps } from './deps.ts'

export interface ServiceSessionRequest {
  readonly roleArn: string
  /** `ec2.amazonaws.com`. */
  readonly service: string
  readonly sessionName: string
  readonly durationSeconds: number
  /** ms since the epoch, on the lab's clock. */
  readonly at: number
  readonly instanceId?: string
  readonly instanceRegion?: string
  readonly roleDelivery?: RoleDelivery
  /** The pod that asked, so that its denials can be explained. */
  readonly pod?: PodSubject
}

/** Credentials, or a Refusal (returned, not thrown) where the role is missing or does not trust the service. */
export function assumeRoleForService(
  request: ServiceSessionRequest,
  { identities, sessions, evaluate }: Pick<StsDeps, 'identities' | 'sessions' | 'evaluate'>,
): Credentials | Refusal {
  const { roleArn, service, sessionName, at, instanceId, instanceRegion, roleDelivery, pod } =
    request
  const role = identities.role(roleArn)
  const judged = judgeTrust({
    evaluate,
    principal: { kind: 'service', service },
    actions: ['sts:AssumeRole'],
    roleArn,
    role,
    context: {
      'aws:CurrentTime': isoMillis(at),
      'aws:EpochTime': String(Math.floor(at / 1000)),
      'sts:RoleSessionName': sessionName,
    },
  })
  if (!judged.trusted || !role) {
    return new Refusal(
      `User: ${service} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
      { code: 'AccessDenied', status: 403, facts: { why: judged.verdict.summary } },
    )
  }
  return sessions.issue({
    account: role.account,
    roleArn: role.arn,
    roleId: role.id,
    roleName: role.name,
    sessionName,
    issuedAt: at,
    expiresAt: at + request.durationSeconds * 1000,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(instanceRegion === undefined ? {} : { instanceRegion }),
    ...(roleDelivery === undefined ? {} : { roleDelivery }),
    ...(pod ? { pod } : {}),
  })
}
