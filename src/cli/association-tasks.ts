/** The changes that give ServiceAccounts roles by EKS Pod Identity. */
import type { AwsAccess } from './aws.ts'
import { apiFailure, clusterApi, findCluster } from './cluster-access.ts'
import type { ConfiguredAssociation, WellKnownPolicies } from './cluster-config-schema.ts'
import type { CliContext } from './context.ts'
import {
  agentTask,
  findAssociation,
  podIdentityRoleName,
  podIdentityRoleTags,
  podIdentityTrust,
} from './pod-identity.ts'
import { policyTasks } from './role-tasks.ts'
import { ensureServiceAccount } from './service-account.ts'
import { createRole, roleDescription, type ServiceAccountId } from './service-account-role.ts'
import { runTasks, type Task } from './tasks.ts'

/** All that is wanted of one association. */
export interface WantedAssociation {
  readonly namespace: string
  readonly name: string
  readonly roleArn?: string | undefined
  readonly roleName?: string | undefined
  readonly attach: readonly string[]
  readonly inline?: string | undefined
  readonly wellKnown?: WellKnownPolicies | undefined
  readonly boundary?: string | undefined
  readonly targetRoleArn?: string | undefined
  readonly disableSessionTags?: boolean | undefined
  readonly createServiceAccount: boolean
  readonly tags: Readonly<Record<string, string>>
}

/** An association as a ClusterConfig names it. */
export function configuredAssociation(one: ConfiguredAssociation): WantedAssociation {
  return {
    namespace: one.namespace,
    name: one.serviceAccountName,
    roleArn: one.roleARN,
    roleName: one.roleName,
    attach: one.permissionPolicyARNs,
    inline: one.permissionPolicy && JSON.stringify(one.permissionPolicy),
    wellKnown: one.wellKnownPolicies,
    boundary: one.permissionsBoundaryARN,
    targetRoleArn: one.targetRoleARN,
    disableSessionTags: one.disableSessionTags,
    createServiceAccount: one.createServiceAccount ?? false,
    tags: one.tags ?? {},
  }
}

/** Makes the associations that are not there yet: agent, roles, ServiceAccounts where they are wanted. */
export async function createAssociations(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
  wanted: readonly WantedAssociation[],
): Promise<void> {
  const cluster = await findCluster(aws, clusterName)
  const client = await aws.eks()
  const agent = await agentTask(client, clusterName)
  const tasks = agent ? [agent] : []
  for (const one of wanted) {
    const id = { cluster: clusterName, namespace: one.namespace, name: one.name }
    const present = await findAssociation(client, id)
    if (present) {
      context.stderr.write(
        `  ${one.namespace}/${one.name} has association ${present.associationId} already: left as it is (podpass update podidentityassociation changes it)\n`,
      )
      continue
    }
    tasks.push(...(await associationTasks(aws, id, one)))
    if (!one.createServiceAccount) continue
    const api = await clusterApi(context, aws, cluster)
    tasks.push({
      mark: '+',
      what: 'ServiceAccount',
      name: `${one.namespace}/${one.name}`,
      run: async () => {
        await ensureServiceAccount(api, one).catch((error: unknown) => {
          throw apiFailure(error)
        })
        return undefined
      },
    })
  }
  await runTasks(context, tasks)
}

async function associationTasks(
  aws: AwsAccess,
  id: ServiceAccountId,
  wanted: WantedAssociation,
): Promise<Task[]> {
  const { namespace, name, targetRoleArn, disableSessionTags, tags, attach, wellKnown } = wanted
  let roleArn = wanted.roleArn ?? ''
  const tasks: Task[] = []
  if (!wanted.roleArn) {
    const roleName = wanted.roleName ?? (await podIdentityRoleName(id))
    tasks.push({
      mark: '+',
      what: 'IAM role',
      name: roleName,
      note: 'trusts pods.eks.amazonaws.com',
      run: async () => {
        roleArn = await createRole(await aws.iam(), {
          name: roleName,
          trust: podIdentityTrust(),
          tags: podIdentityRoleTags(id, tags),
          description: roleDescription(id),
          ...(wanted.boundary && { boundary: wanted.boundary }),
        })
        return undefined
      },
    })
    const inline = wanted.inline ?? (targetRoleArn && assuming(targetRoleArn))
    tasks.push(...policyTasks(aws, roleName, { attach, inline, wellKnown }))
  }
  tasks.push({
    mark: '+',
    what: 'association',
    name: `${namespace}/${name}`,
    run: async () => {
      const { CreatePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
      const { association } = await (await aws.eks()).send(
        new CreatePodIdentityAssociationCommand({
          clusterName: id.cluster,
          namespace,
          serviceAccount: name,
          roleArn,
          ...(targetRoleArn && { targetRoleArn }),
          ...(disableSessionTags !== undefined && { disableSessionTags }),
          ...(Object.keys(tags).length > 0 && { tags: { ...tags } }),
        }),
      )
      return `association ${association?.associationId} of ${namespace}/${name}`
    },
  })
  return tasks
}

/** What a role needs to go on to its target. */
function assuming(targetRoleArn: string): string {
  const Action = ['sts:AssumeRole', 'sts:TagSession']
  const statement = { Effect: 'Allow', Action, Resource: targetRoleArn }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}
