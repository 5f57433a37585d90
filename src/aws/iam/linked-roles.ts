/** Service-linked roles: made for an AWS service, changed by nobody else. */
import type { GranteeKind } from './deps.ts'
import { refuse } from './errors.ts'
import { existing } from './find.ts'
import type { GranteeRecord, RecordOf, RoleRecord } from './records.ts'

/** Name and policy of the service-linked roles that differ from the rule below. */
const known: Readonly<Record<string, readonly [suffix: string, policy: string]>> = {
  'autoscaling.amazonaws.com': ['AutoScaling', 'AutoScalingServiceRolePolicy'],
  'ecs.amazonaws.com': ['ECS', 'AmazonECSServiceRolePolicy'],
  'eks.amazonaws.com': ['AmazonEKS', 'AmazonEKSServiceRolePolicy'],
  'eks-connector.amazonaws.com': ['AmazonEKSConnector', 'AmazonEKSConnectorServiceRolePolicy'],
  'eks-fargate.amazonaws.com': ['AmazonEKSForFargate', 'AmazonEKSForFargateServiceRolePolicy'],
  'eks-nodegroup.amazonaws.com': ['AmazonEKSNodegroup', 'AWSServiceRoleForAmazonEKSNodegroup'],
  'elasticache.amazonaws.com': ['ElastiCache', 'ElastiCacheServiceRolePolicy'],
  'elasticloadbalancing.amazonaws.com': [
    'ElasticLoadBalancing',
    'AWSElasticLoadBalancingServiceRolePolicy',
  ],
  'opensearchservice.amazonaws.com': [
    'AmazonOpenSearchService',
    'AmazonOpenSearchServiceRolePolicy',
  ],
  'organizations.amazonaws.com': ['Organizations', 'AWSOrganizationsServiceTrustPolicy'],
  'rds.amazonaws.com': ['RDS', 'AmazonRDSServiceRolePolicy'],
  'spot.amazonaws.com': ['EC2Spot', 'AWSEC2SpotServiceRolePolicy'],
  'spotfleet.amazonaws.com': ['EC2SpotFleet', 'AWSEC2SpotFleetServiceRolePolicy'],
  'support.amazonaws.com': ['Support', 'AWSSupportServiceRolePolicy'],
  'trustedadvisor.amazonaws.com': ['TrustedAdvisor', 'AWSTrustedAdvisorServiceRolePolicy'],
}

/** What a service's linked role is like; `policyArn` is undefined where we do not know its policy. */
export interface LinkedRole {
  readonly name: string
  readonly path: string
  readonly policyArn?: string
  readonly trustPolicy: string
}

/** The linked role of a service (`eks.amazonaws.com`), with AWS's suffix if it has one. */
export function linkedRole(service: string, suffix: string | undefined): LinkedRole {
  const row = known[service]
  const plain = (service.split('.')[0] ?? '')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  return {
    name: `AWSServiceRoleFor${row?.[0] ?? plain}${suffix === undefined ? '' : `_${suffix}`}`,
    path: `/aws-service-role/${service}/`,
    ...(row && { policyArn: `arn:aws:iam::aws:policy/aws-service-role/${row[1]}` }),
    trustPolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole'] },
      ],
    }),
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
