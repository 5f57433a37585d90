/** Fargate profiles as eksctl makes them: with a pod execution role that the cluster's profiles share. */
import { randomBytes } from 'node:crypto'
import { type AwsAccess, isAwsError } from './aws.ts'
import { rolesOfCluster, serviceRole, stackRoleName, stackRolePrefix } from './cluster-roles.ts'
import { untilActive } from './eks-status.ts'
import { CliFailure, exitCodes } from './failure.ts'
import type { Task } from './tasks.ts'

/** One profile that is wanted. */
export interface WantedProfile {
  readonly name: string
  readonly selectors: readonly {
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>> | undefined
  }[]
  /** Absent: the cluster's own pod execution role. */
  readonly podExecutionRoleARN?: string | undefined
  readonly subnets?: readonly string[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What `create cluster --fargate` makes: all pods of these two namespaces run on Fargate. */
export const defaultProfile: WantedProfile = {
  name: 'fp-default',
  selectors: [{ namespace: 'default' }, { namespace: 'kube-system' }],
}

/** A name for a profile without one: `fp-` and eight hexadecimal digits. */
export function randomProfileName(): string {
  return `fp-${randomBytes(4).toString('hex')}`
}

/** Throws a CliFailure where EKS would refuse the profile for its name or its selectors. */
export function checkProfile({ name, selectors }: WantedProfile): void {
  const problem = name.startsWith('eks-')
    ? 'name should NOT start with "eks-"'
    : selectors.length === 0
      ? 'no profile selector'
      : selectors.some(({ namespace }) => namespace === '')
        ? 'empty selector namespace'
        : undefined
  if (problem) {
    throw new CliFailure(`invalid Fargate profile: ${problem}`, { exitCode: exitCodes.usage })
  }
}

const logicalId = 'FargatePodExecutionRole'
const clusterStack = (cluster: string) => `eksctl-${cluster}-cluster`
const fargateStack = (cluster: string) => `eksctl-${cluster}-fargate`

/**
 * The changes that make these profiles, and the pod execution role where one is wanted and the cluster has none:
 * with the cluster it is the cluster's, later it is of Fargate alone and goes with the last profile.
 */
export async function fargateTasks(
  aws: AwsAccess,
  cluster: string,
  profiles: readonly WantedProfile[],
  made: 'with the cluster' | 'later',
): Promise<Task[]> {
  const tasks: Task[] = []
  let roleArn = ''
  if (profiles.some(({ podExecutionRoleARN }) => !podExecutionRoleARN)) {
    const prefixes = [clusterStack(cluster), fargateStack(cluster)].map((stack) =>
      stackRolePrefix(stack, logicalId),
    )
    const [present] = made === 'later' ? await rolesOfCluster(aws, cluster, prefixes) : []
    if (present) {
      const { GetRoleCommand } = await import('@aws-sdk/client-iam')
      const { Role } = await (await aws.iam()).send(new GetRoleCommand({ RoleName: present }))
      roleArn = Role?.Arn ?? ''
    } else {
      const stack = made === 'later' ? fargateStack(cluster) : clusterStack(cluster)
      const name = stackRoleName(stack, logicalId)
      tasks.push({
        mark: '+',
        what: 'pod execution role',
        name,
        run: async () => {
          const service = 'eks-fargate-pods.amazonaws.com'
          const policies = ['AmazonEKSFargatePodExecutionRolePolicy']
          roleArn = await serviceRole(aws, { cluster, name, service, policies })
          return undefined
        },
      })
    }
  }
  for (const profile of profiles) {
    tasks.push({
      mark: '+',
      what: 'Fargate profile',
      name: profile.name,
      run: async () => {
        const role = profile.podExecutionRoleARN || roleArn
        if (await createProfile(aws, cluster, profile, role)) return undefined
        return `Fargate profile ${profile.name} is there already: left as it is`
      },
    })
  }
  return tasks
}

/** False where the cluster has one of that name, which eksctl does not take for a failure. */
async function createProfile(
  aws: AwsAccess,
  clusterName: string,
  profile: WantedProfile,
  podExecutionRoleArn: string,
): Promise<boolean> {
  const api = await import('@aws-sdk/client-eks')
  const eks = await aws.eks()
  const key = { clusterName, fargateProfileName: profile.name }
  const create = new api.CreateFargateProfileCommand({
    ...key,
    podExecutionRoleArn,
    selectors: profile.selectors.map(({ namespace, labels }) => ({
      namespace,
      ...(labels && { labels: { ...labels } }),
    })),
    ...(profile.subnets && { subnets: [...profile.subnets] }),
    ...(profile.tags && { tags: { ...profile.tags } }),
  })
  try {
    await eks.send(create)
  } catch (error) {
    if (isAwsError(error, 'ResourceInUse')) return false
    throw error
  }
  await untilActive(async () => {
    const { fargateProfile } = await eks.send(new api.DescribeFargateProfileCommand(key))
    return { status: fargateProfile?.status, issue: fargateProfile?.health?.issues?.[0]?.message }
  })
  return true
}

/** The pod execution role that was made for Fargate alone, if there is one; the cluster's own is never answered. */
export async function roleOfFargateAlone(
  aws: AwsAccess,
  cluster: string,
): Promise<string | undefined> {
  const own = stackRolePrefix(fargateStack(cluster), logicalId)
  // A long name of a cluster is cut so short that the two stacks' roles look alike: then it stays.
  if (own === stackRolePrefix(clusterStack(cluster), logicalId)) return undefined
  return (await rolesOfCluster(aws, cluster, [own]))[0]
}
