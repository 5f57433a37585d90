/** EKS Pod Identity as the command line reads and changes it. */
import type {
  EKSClient,
  PodIdentityAssociation,
  PodIdentityAssociationSummary,
} from '@aws-sdk/client-eks'
import type { IAMClient, Tag } from '@aws-sdk/client-iam'
import { type AwsAccess, isAwsError } from './aws.ts'
import { CliFailure } from './failure.ts'
import { hasTags, type ServiceAccountId } from './service-account-role.ts'
import type { Task } from './tasks.ts'

export const podIdentityAgent = 'eks-pod-identity-agent'

/** The statement by which a role lets EKS give it to pods, in AWS's own words. */
export const podIdentityStatement = {
  Sid: 'AllowEksAuthToAssumeRoleForPodIdentity',
  Effect: 'Allow',
  Principal: { Service: 'pods.eks.amazonaws.com' },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
} as const

/** A trust policy of that statement alone. */
export function podIdentityTrust(): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [podIdentityStatement] })
}

/** `podpass-<cluster>-podid-<namespace>-<name>`, cut to IAM's 64 letters with a mark of what was cut. */
export async function podIdentityRoleName({
  cluster,
  namespace,
  name,
}: ServiceAccountId): Promise<string> {
  const full = `podpass-${cluster}-podid-${namespace}-${name}`
  if (full.length <= 64) return full
  const { createHash } = await import('node:crypto')
  return `${full.slice(0, 55)}-${createHash('sha256').update(full).digest('hex').slice(0, 8)}`
}

/** Associations of a cluster, of all pages. */
export async function listAssociations(
  client: EKSClient,
  clusterName: string,
  filter: { readonly namespace?: string; readonly serviceAccount?: string } = {},
): Promise<PodIdentityAssociationSummary[]> {
  const { paginateListPodIdentityAssociations } = await import('@aws-sdk/client-eks')
  const found: PodIdentityAssociationSummary[] = []
  const pages = paginateListPodIdentityAssociations({ client }, { clusterName, ...filter })
  for await (const { associations = [] } of pages) found.push(...associations)
  return found
}

/** The association of one ServiceAccount in full; undefined where it has none. */
export async function findAssociation(
  client: EKSClient,
  { cluster: clusterName, namespace, name }: ServiceAccountId,
): Promise<PodIdentityAssociation | undefined> {
  const { DescribePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
  const filter = { namespace, serviceAccount: name }
  const [found] = await listAssociations(client, clusterName, filter)
  if (!found) return undefined
  const { associationId } = found
  const { association } = await client.send(
    new DescribePodIdentityAssociationCommand({ clusterName, associationId }),
  )
  return association
}

/** True where the cluster has the agent's add-on. */
export async function hasAgent(client: EKSClient, clusterName: string): Promise<boolean> {
  const { DescribeAddonCommand } = await import('@aws-sdk/client-eks')
  try {
    await client.send(new DescribeAddonCommand({ clusterName, addonName: podIdentityAgent }))
    return true
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFound')) return false
    throw error
  }
}

/** The change that adds the agent; undefined where it is there. */
export async function agentTask(client: EKSClient, clusterName: string): Promise<Task | undefined> {
  if (await hasAgent(client, clusterName)) return undefined
  return {
    mark: '+',
    what: 'add-on',
    name: podIdentityAgent,
    note: 'the agent on each node that pods ask',
    run: async () => {
      const { CreateAddonCommand } = await import('@aws-sdk/client-eks')
      try {
        await client.send(new CreateAddonCommand({ clusterName, addonName: podIdentityAgent }))
      } catch (error) {
        if (!isAwsError(error, 'ResourceInUse')) throw error
      }
      return undefined
    },
  }
}

/** What `why` wants to know of a ServiceAccount; nothing where the caller may not look or EKS is none of AWS's. */
export async function podIdentityOf(
  aws: AwsAccess,
  cluster: string,
  namespace: string,
  name: string,
): Promise<{
  association?: { id: string; roleArn: string; createdAt?: number }
  isAgentInstalled?: boolean
}> {
  const client = await aws.eks()
  try {
    const found = await findAssociation(client, { cluster, namespace, name })
    const isAgentInstalled = await hasAgent(client, cluster)
    if (!found) return { isAgentInstalled }
    const { associationId: id = '', roleArn = '', createdAt } = found
    const association = {
      id,
      roleArn,
      ...(createdAt && { createdAt: Math.floor(createdAt.getTime() / 1000) * 1000 }),
    }
    return { association, isAgentInstalled }
  } catch (error) {
    if (isAwsError(error, 'AccessDenied', 'UnknownOperation')) return {}
    throw error
  }
}

/** The association of a ServiceAccount that can be changed; throws a CliFailure where there is none, or an add-on owns it. */
export async function existingAssociation(
  client: EKSClient,
  id: ServiceAccountId,
): Promise<PodIdentityAssociation> {
  const found = await findAssociation(client, id)
  const whole = `${id.namespace}/${id.name}`
  if (!found) {
    throw new CliFailure(`ServiceAccount \`${whole}\` has no association`, {
      hints: [`podpass get podidentityassociation --cluster ${id.cluster}`],
    })
  }
  if (found.ownerArn) {
    const addon = found.ownerArn.split('/').at(-2) ?? found.ownerArn
    throw new CliFailure(`the association of \`${whole}\` belongs to the add-on \`${addon}\``, {
      hints: [`aws eks delete-addon --cluster-name ${id.cluster} --addon-name ${addon}`],
    })
  }
  return found
}

/** The tags by which eksctl knows what it made. */
export function podIdentityRoleTags(
  id: ServiceAccountId,
  more: Readonly<Record<string, string>> = {},
): Tag[] {
  return Object.entries({
    'alpha.eksctl.io/cluster-name': id.cluster,
    'alpha.eksctl.io/podidentityassociation-name': `${id.namespace}/${id.name}`,
    ...more,
  }).map(([Key, Value]) => ({ Key, Value }))
}

/** True of a role that was made for this association alone. */
export function isRoleOf(
  client: IAMClient,
  roleName: string,
  id: ServiceAccountId,
): Promise<boolean> {
  return hasTags(client, roleName, podIdentityRoleTags(id))
}
