/** The changes that give a role its policies. */
import type { AwsAccess } from './aws.ts'
import type { WellKnownPolicies } from './cluster-config-schema.ts'
import type { Task } from './tasks.ts'
import { policiesOf } from './well-known-policies.ts'

/** All that a role may do. */
export interface RolePolicies {
  /** ARNs of managed policies. */
  readonly attach: readonly string[]
  /** A document. */
  readonly inline?: string | undefined
  readonly wellKnown?: WellKnownPolicies | undefined
}

/** Attaches managed policies and puts inline ones, named after the role. */
export function policyTasks(
  aws: AwsAccess,
  roleName: string,
  { attach, inline, wellKnown }: RolePolicies,
): Task[] {
  const known = policiesOf(wellKnown)
  const arns = [...attach, ...known.flatMap((policy) => ('attach' in policy ? policy.attach : []))]
  const tasks = [...new Set(arns)].map((arn) => attachment(aws, roleName, arn))
  if (inline) tasks.push(inlinePolicy(aws, roleName, 'inline', inline))
  for (const policy of known) {
    if ('attach' in policy) continue
    tasks.push(inlinePolicy(aws, roleName, policy.name, policy.document))
  }
  return tasks
}

function attachment(aws: AwsAccess, RoleName: string, PolicyArn: string): Task {
  const policy = PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1)
  return {
    mark: '+',
    what: 'attached policy',
    name: policy,
    run: async () => {
      const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam')
      await (await aws.iam()).send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
      return `policy attached: ${policy}`
    },
  }
}

function inlinePolicy(aws: AwsAccess, RoleName: string, kind: string, document: string): Task {
  const PolicyName = `${RoleName}-${kind}`.slice(0, 128)
  return {
    mark: '+',
    what: 'inline policy',
    name: PolicyName,
    run: async () => {
      const { PutRolePolicyCommand } = await import('@aws-sdk/client-iam')
      const client = await aws.iam()
      await client.send(
        new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }),
      )
      return undefined
    },
  }
}
