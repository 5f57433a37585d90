/** AWS's words for a denial (troubleshooting page "Access denied error messages", IAM user guide). */
import type { PolicyType } from './decision.ts'

const names: Readonly<Record<PolicyType, readonly [article: string, name: string]>> = {
  identity: ['an', 'identity-based policy'],
  resource: ['a', 'resource-based policy'],
  boundary: ['a', 'permissions boundary'],
  session: ['a', 'session policy'],
  'service-control': ['a', 'service control policy'],
  'resource-control': ['a', 'resource control policy'],
  endpoint: ['a', 'VPC endpoint policy'],
}

/** `because no identity-based policy allows the s3:GetObject action`. */
export function implicitReason(type: PolicyType, action: string): string {
  return `because no ${names[type][1]} allows the ${action} action`
}

/** `with an explicit deny in an identity-based policy`. */
export function explicitReason(type: PolicyType): string {
  return `with an explicit deny in ${names[type].join(' ')}`
}
