/** The roles that AWS services take for a cluster, named as eksctl's CloudFormation names them. */
import { randomInt } from 'node:crypto'
import type { AwsAccess } from './aws.ts'
import { createRole } from './service-account-role.ts'

/**
 * The name CloudFormation gives to a role of a stack: `<stack>-<logical id>-<12 letters and digits>`, the stack's part
 * cut so that the whole has IAM's 64 letters at most.
 */
export function stackRoleName(stack: string, logicalId: string): string {
  return `${stackPart(stack, logicalId)}-${logicalId}-${randomSuffix()}`
}

/** What a role of this stack begins with: the stack's name, cut as in `stackRoleName`, and the logical id. */
export function stackRolePrefix(stack: string, logicalId: string): string {
  return `${stackPart(stack, logicalId)}-${logicalId}-`
}

const suffixLength = 12

function stackPart(stack: string, logicalId: string): string {
  return stack.slice(0, 64 - logicalId.length - suffixLength - 2)
}

function randomSuffix(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  return Array.from({ length: suffixLength }, () => letters[randomInt(letters.length)]).join('')
}

/** The tag by which eksctl knows what belongs to a cluster. */
export const clusterTags = (cluster: string) => [
  { Key: 'alpha.eksctl.io/cluster-name', Value: cluster },
]

/** Makes a role that an AWS service assumes, with AWS's own policies of these names; answers its ARN. */
export async function serviceRole(
  aws: AwsAccess,
  role: {
    readonly cluster: string
    readonly name: string
    readonly service: string
    readonly policies: readonly string[]
  },
): Promise<string> {
  const client = await aws.iam()
  const arn = await createRole(client, {
    name: role.name,
    description: `role of ${role.service} for cluster ${role.cluster}`,
    trust: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: role.service }, Action: 'sts:AssumeRole' },
      ],
    }),
    tags: clusterTags(role.cluster),
  })
  const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam')
  for (const policy of role.policies) {
    await client.send(
      new AttachRolePolicyCommand({
        RoleName: role.name,
        PolicyArn: `arn:aws:iam::aws:policy/${policy}`,
      }),
    )
  }
  return arn
}

/**
 * Names of the cluster's roles, by eksctl's tag. Tags are a call each, so only of those roles that begin with one of
 * `prefixes`, or whose description ends with `described`.
 */
export async function rolesOfCluster(
  aws: AwsAccess,
  cluster: string,
  prefixes: readonly string[],
  described?: string,
): Promise<string[]> {
  const client = await aws.iam()
  const { ListRoleTagsCommand, paginateListRoles } = await import('@aws-sdk/client-iam')
  const found: string[] = []
  for await (const page of paginateListRoles({ client }, {})) {
    for (const { RoleName = '', Description = '' } of page.Roles ?? []) {
      const named = prefixes.some((prefix) => RoleName.startsWith(prefix))
      if (!named && !(described && Description.endsWith(described))) continue
      const { Tags = [] } = await client.send(new ListRoleTagsCommand({ RoleName }))
      const [tag] = clusterTags(cluster)
      if (Tags.some(({ Key, Value }) => Key === tag?.Key && Value === tag?.Value)) {
        found.push(RoleName)
      }
    }
  }
  return found
}
