/** Finds roles, policies and providers by their ARNs. */
import { parseArn } from '../../kernel/arn.ts'
import { type AwsManagedPolicies, isAwsManaged } from './managed-policies.ts'
import { isArnOf } from './names.ts'
import type { PolicyRecord, ProviderRecord, RoleRecord } from './records.ts'
import type { IamState } from './state.ts'

/** Where managed policies are found: those of accounts and those of AWS. */
export interface PolicySource {
  readonly state: IamState
  readonly awsManaged: AwsManagedPolicies
}

/** A role by its ARN, path and case included. */
export function findRole(
  state: IamState,
  arn: string,
): { account: string; role: RoleRecord } | undefined {
  const parsed = parseArn(arn)
  if (!parsed) return undefined
  const { account, resource } = parsed
  const name = resource.slice(resource.lastIndexOf('/') + 1)
  const role = state.entry(account, 'role', name)?.record
  return role && isArnOf(parsed, 'role', role) ? { account, role } : undefined
}

/** A managed policy of AWS's or of an account, by its ARN. */
export function findPolicy(
  { state, awsManaged }: PolicySource,
  arn: string,
): PolicyRecord | undefined {
  if (isAwsManaged(arn)) return awsManaged.get(arn)
  const parsed = parseArn(arn)
  if (!parsed) return undefined
  const { account, resource } = parsed
  const name = resource.slice(resource.lastIndexOf('/') + 1)
  const policy = state.entry(account, 'policy', name)?.record
  return policy && isArnOf(parsed, 'policy', policy) ? policy : undefined
}

/** An account's OIDC provider by its ARN; also by one that leaves the port out, where only one fits. */
export function findProvider(
  state: IamState,
  account: string,
  arn: string,
): ProviderRecord | undefined {
  const parsed = parseArn(arn)
  const name = /^oidc-provider\/(.+)$/.exec(parsed?.resource ?? '')?.[1]
  if (parsed?.service !== 'iam' || parsed.account !== account || name === undefined)
    return undefined
  const exact = state.entry(account, 'oidc-provider', name)
  if (exact) return exact.record
  const here = state.account(account)
  const [only, ...others] = here?.providersWithoutPort.of(name) ?? []
  return only === undefined || others.length > 0
    ? undefined
    : here?.entities['oidc-provider'].get(only)?.record
}

/** The text of the version in force. */
export function defaultDocument(policy: PolicyRecord): string {
  return policy.versions.find(({ id }) => id === policy.defaultVersion)?.document ?? nothing
}

/** Allows nothing: stands in for a policy that is gone. */
export const nothing = '{"Version":"2012-10-17","Statement":[]}'
