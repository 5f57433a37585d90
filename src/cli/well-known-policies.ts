/** `wellKnownPolicies` of a ClusterConfig: what a role gets for each name. */
import type { WellKnownPolicies } from './cluster-config-schema.ts'

/** One policy: AWS's own, by ARN, or a document that is put into the role. */
export type WellKnownPolicy =
  | { readonly attach: string }
  | { readonly name: string; readonly document: string }

const aws = 'arn:aws:iam::aws:policy'

function inline(name: string, ...statements: (readonly [string, readonly string[]])[]) {
  const Statement = statements.map(([Resource, Action]) => ({ Effect: 'Allow', Action, Resource }))
  return { name, document: JSON.stringify({ Version: '2012-10-17', Statement }) }
}

const changeRecords = [
  'arn:aws:route53:::hostedzone/*',
  ['route53:ChangeResourceRecordSets'],
] as const

/** The actions are those that eksctl gives; for the CSI drivers AWS has policies of its own. */
const policies: Readonly<Record<keyof WellKnownPolicies, WellKnownPolicy | 'refused'>> = {
  imageBuilder: { attach: `${aws}/AmazonEC2ContainerRegistryPowerUser` },
  ebsCSIController: { attach: `${aws}/service-role/AmazonEBSCSIDriverPolicy` },
  efsCSIController: { attach: `${aws}/service-role/AmazonEFSCSIDriverPolicy` },
  autoScaler: inline('PolicyAutoScaling', [
    '*',
    [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeAutoScalingInstances',
      'autoscaling:DescribeLaunchConfigurations',
      'autoscaling:DescribeScalingActivities',
      'autoscaling:DescribeTags',
      'autoscaling:SetDesiredCapacity',
      'autoscaling:TerminateInstanceInAutoScalingGroup',
      'ec2:DescribeImages',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeLaunchTemplateVersions',
      'ec2:GetInstanceTypesFromInstanceRequirements',
      'eks:DescribeNodegroup',
    ],
  ]),
  externalDNS: inline('PolicyExternalDNS', changeRecords, [
    '*',
    ['route53:ListHostedZones', 'route53:ListResourceRecordSets', 'route53:ListTagsForResource'],
  ]),
  certManager: inline(
    'PolicyCertManager',
    changeRecords,
    ['arn:aws:route53:::change/*', ['route53:GetChange']],
    ['*', ['route53:ListResourceRecordSets', 'route53:ListHostedZonesByName']],
  ),
  // The schema refuses it: the controller publishes its policy with each release.
  awsLoadBalancerController: 'refused',
}

/** The policies of the names that are `true`. */
export function policiesOf(wanted: WellKnownPolicies = {}): WellKnownPolicy[] {
  return Object.entries(policies).flatMap(([name, policy]) =>
    wanted[name as keyof WellKnownPolicies] && policy !== 'refused' ? [policy] : [],
  )
}
