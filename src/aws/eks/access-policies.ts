/** EKS's access policies by AWS's own names. What each allows is the API server's affair (kubernetes/api/authz). */

const names = [
  'AmazonEKSAdminPolicy',
  'AmazonEKSAdminViewPolicy',
  'AmazonEKSClusterAdminPolicy',
  'AmazonEKSEditPolicy',
  'AmazonEKSViewPolicy',
] as const

/** `arn:aws:eks::aws:cluster-access-policy/<name>`. */
export function accessPolicyArn(name: (typeof names)[number]): string {
  return `arn:aws:eks::aws:cluster-access-policy/${name}`
}

/** True for the ARN of a policy that can be granted. */
export function isAccessPolicy(arn: string): boolean {
  return names.some((name) => accessPolicyArn(name) === arn)
}

/** All access policies: name and ARN. */
export function accessPolicies(): { name: string; arn: string }[] {
  return names.map((name) => ({ name, arn: accessPolicyArn(name) }))
}
