/** What the real systems do when pod 1 is cracked, as data: the table that a run is held against. */
import type { LinkName } from '../../chain/verdict.ts'
import type { AttackName, Expected, Outcome, WorldName } from './story.ts'

const ec2 =
  'Amazon EC2 user guide, "Instance metadata": whatever runs on the instance reads its role'
const kube2iam = 'kube2iam, README and source of May 2026'
const kiam = 'kiam, README and source of its last version, 2023'
const practices = 'Amazon EKS best practices, "Identity and access management"'
const agent = 'eks-pod-identity-agent 0.1.37, source; Amazon EKS user guide, "Pod Identity"'
const sts = 'AWS STS API reference, "AssumeRoleWithWebIdentity"; Amazon EKS user guide, "IRSA"'
const kubernetes = 'Kubernetes, "Service accounts": who may make a pod may choose its account'

function cell(outcome: Outcome, link: LinkName, source: string): Expected {
  return { outcome, link, source }
}

/** A cell that is not there: nothing to attack in that world. */
export const expected: Readonly<Record<WorldName, Partial<Record<AttackName, Expected>>>> = {
  'node-role': {
    metadata: cell('all-rights', 'session', ec2),
    'host-network': cell('all-rights', 'session', ec2),
  },
  kube2iam: {
    metadata: cell('own-role-and-paths', 'permissions', `${kube2iam}: other paths are proxied`),
    'host-network': cell('any-role', 'trust', `${kube2iam}: nodes assume every pod's role`),
    annotation: cell('any-role', 'trust', `${kube2iam}: no namespace restrictions by default`),
    address: cell('pod-2-role', 'trust', `${kube2iam}: the caller is known by source IP alone`),
  },
  kiam: {
    metadata: cell('own-role', 'permissions', `${kiam}: other routes are blocked`),
    'host-network': cell('node-role', 'trust', `${kiam}: the server alone assumes roles`),
    annotation: cell('permitted-roles', 'trust', `${kiam}: iam.amazonaws.com/permitted`),
    address: cell('pod-2-role', 'trust', `${kiam}: the caller is known by source IP alone`),
  },
  'pod-identity': {
    metadata: cell('node-role', 'permissions', practices),
    'host-network': cell('node-role', 'trust', practices),
    annotation: cell('own-role', 'permissions', agent),
    address: cell('own-role', 'permissions', `${agent}: the token alone tells who asks`),
    'service-account': cell('pod-2-role', 'token', kubernetes),
    'stolen-token': cell('pod-2-role', 'token', agent),
    'forged-token': cell('nothing', 'token', `${agent}: EKS Auth checks the signature`),
  },
  irsa: {
    metadata: cell('node-role', 'permissions', practices),
    'host-network': cell('node-role', 'trust', practices),
    annotation: cell('nothing', 'trust', `${sts}: the trust policy names the sub`),
    address: cell('nothing', 'trust', `${sts}: the token alone tells who asks`),
    'service-account': cell('pod-2-role', 'token', kubernetes),
    'stolen-token': cell('pod-2-role', 'token', `${sts}: whoever holds the token`),
    'forged-token': cell('nothing', 'token', `${sts}: InvalidIdentityToken`),
  },
}
