/** The changes that give a role its policies. */
import type { AwsAccess } from './aws.ts'
import type { Task } from './tasks.ts'

/** Attaches managed policies and puts an inline one, named after the role. */
export function policyTasks(
  aws: AwsAccess,
  roleName: string,
  { attach, inline }: { readonly attach: readonly string[]; readonly inline?: string | undefined },
): Task[] {
  const tasks = attach.map((PolicyArn): Task => {
    const policy = PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1)
    return {
      mark: '+',
      what: 'attached policy',
      name: policy,
      run: async () => {
        const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam')
        await (await aws.iam()).send(new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn }))
        return `policy attached: ${policy}`
      },
    }
  })
  if (!inline) return tasks
  const PolicyName = `${roleName}-inline`.slice(0, 128)
  tasks.push({
    mark: '+',
    what: 'inline policy',
    name: PolicyName,
    run: async () => {
      const { PutRolePolicyCommand } = await import('@aws-sdk/client-iam')
      const client = await aws.iam()
      await client.send(
        new PutRolePolicyCommand({ RoleName: roleName, PolicyName, PolicyDocument: inline }),
      )
      return undefined
    },
  })
  return tasks
}
