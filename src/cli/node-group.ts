/** A managed node group with its role and instance profile, as eksctl makes it. */
import type { AwsAccess } from './aws.ts'
import { clusterTags, serviceRole, stackRoleName } from './cluster-roles.ts'
import { createClosedTemplate, templateName } from './ec2-call.ts'
import { untilActive } from './eks-status.ts'
import { createInstanceProfile } from './instance-profile.ts'
import type { Task } from './tasks.ts'

/** One node group that is wanted. */
export interface WantedNodeGroup {
  readonly name: string
  /** How many nodes it has. */
  readonly nodes: number
  readonly labels?: Readonly<Record<string, string>>
  /** Tokens required of its metadata service, and none for pods. */
  readonly disablePodIMDS?: boolean
}

/** EKS's own policies for nodes: what any node may do, and what a pod without IRSA may do too. */
const nodePolicies = [
  'AmazonEKSWorkerNodePolicy',
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEKS_CNI_Policy',
]

/** The changes that make it; none where it is to have no nodes. */
export function nodeGroupTasks(
  aws: AwsAccess,
  cluster: string,
  group: WantedNodeGroup,
  subnets: readonly string[],
): Task[] {
  if (group.nodes === 0) return []
  const role = stackRoleName(`eksctl-${cluster}-nodegroup-${group.name}`, 'NodeInstanceRole')
  let roleArn = ''
  return [
    {
      mark: '+',
      what: 'node role',
      name: role,
      run: async () => {
        const service = 'ec2.amazonaws.com'
        roleArn = await serviceRole(aws, { cluster, name: role, service, policies: nodePolicies })
        await createInstanceProfile(await aws.iam(), role, clusterTags(cluster))
        return undefined
      },
    },
    {
      mark: '+',
      what: 'node group',
      name: group.name,
      run: async () => {
        if (group.disablePodIMDS) await createClosedTemplate(aws, templateName(cluster, group.name))
        await createGroup(aws, cluster, group, { roleArn, subnets })
        return `node group ${group.name}: ${group.nodes} ${group.nodes === 1 ? 'node' : 'nodes'}`
      },
    },
  ]
}

async function createGroup(
  aws: AwsAccess,
  clusterName: string,
  group: WantedNodeGroup,
  { roleArn, subnets }: { readonly roleArn: string; readonly subnets: readonly string[] },
): Promise<void> {
  const { CreateNodegroupCommand, DescribeNodegroupCommand } = await import('@aws-sdk/client-eks')
  const eks = await aws.eks()
  const nodegroupName = group.name
  await eks.send(
    new CreateNodegroupCommand({
      clusterName,
      nodegroupName,
      nodeRole: roleArn,
      subnets: [...subnets],
      ...(group.disablePodIMDS && {
        launchTemplate: { name: templateName(clusterName, nodegroupName) },
      }),
      scalingConfig: { minSize: 1, maxSize: Math.max(group.nodes, 1), desiredSize: group.nodes },
      labels: {
        'alpha.eksctl.io/cluster-name': clusterName,
        'alpha.eksctl.io/nodegroup-name': nodegroupName,
        ...group.labels,
      },
      tags: { 'alpha.eksctl.io/cluster-name': clusterName },
    }),
  )
  await untilActive(async () => {
    const { nodegroup } = await eks.send(
      new DescribeNodegroupCommand({ clusterName, nodegroupName }),
    )
    return { status: nodegroup?.status, issue: nodegroup?.health?.issues?.[0]?.message }
  })
}
