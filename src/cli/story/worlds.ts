/** What differs between the worlds: who is given which rights, and what stands between pods and their node. */
import { createRole } from '../service-account-role.ts'
import { podpass, roleNames, type Stage, serverRole } from './stage.ts'
import type { WorldName } from './story.ts'

/** How the pods of a world are told who they are. */
export interface PodIdentity {
  readonly serviceAccount: string
  /** The role of their annotation, under kube2iam and kiam. */
  readonly role?: string
}

/** A world that is set up. */
export interface World {
  readonly podOne: PodIdentity
  readonly podTwo: PodIdentity
  /** What must be taken back before the next world, beside what goes with the cluster. */
  end(): Promise<void>
}

/** Makes the namespace, the roles and what else the world needs. */
export async function setUpWorld(name: WorldName, stage: Stage): Promise<World> {
  await stage.core.createNamespace({ body: { metadata: { name } } })
  return setUps[name](stage)
}

const setUps: Readonly<Record<WorldName, (stage: Stage) => Promise<World>>> = {
  async 'node-role'(stage) {
    const node = roleOf(stage.nodeRole)
    await attach(stage, node, stage.policy)
    const anybody = { serviceAccount: 'default' }
    return { podOne: anybody, podTwo: anybody, end: () => detach(stage, node, stage.policy) }
  },
  async kube2iam(stage) {
    await annotatedRoles(stage, 'kube2iam', stage.nodeRole)
    return agentWorld(stage, 'kube2iam')
  },
  async kiam(stage) {
    const server = serverRole(stage.name)
    const arn = await role(stage, server, { Service: 'ec2.amazonaws.com' })
    await annotatedRoles(stage, 'kiam', arn)
    const roles = roleNames(stage.name, 'kiam')
    const annotations = { 'iam.amazonaws.com/permitted': `.*/(${roles.public}|${roles.database})` }
    const { PatchStrategy, setHeaderOptions } = await import('@kubernetes/client-node')
    await stage.core.patchNamespace(
      { name: 'kiam', body: { metadata: { annotations } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    )
    return agentWorld(stage, 'kiam', '--server-role', server)
  },
  async 'pod-identity'(stage) {
    const roles = roleNames(stage.name, 'pod-identity')
    for (const account of ['public', 'database'] as const) {
      await podpass(
        stage,
        ...['create', 'podidentityassociation', '--cluster', stage.name],
        ...['--namespace', 'pod-identity', '--service-account-name', account],
        ...['--create-service-account', '--role-name', roles[account]],
        ...['--permission-policy-arns', policyOf(stage, account)],
      )
    }
    return ownAccounts
  },
  async irsa(stage) {
    const roles = roleNames(stage.name, 'irsa')
    for (const account of ['public', 'database'] as const) {
      await podpass(
        stage,
        ...['create', 'iamserviceaccount', '--cluster', stage.name, '--approve'],
        ...['--namespace', 'irsa', '--name', account, '--role-name', roles[account]],
        ...['--attach-policy-arn', policyOf(stage, account)],
      )
    }
    return ownAccounts
  },
}

/** Pods that name their role by annotation, with the agent of this name before the node's metadata. */
async function agentWorld(
  stage: Stage,
  mode: 'kube2iam' | 'kiam',
  ...flags: string[]
): Promise<World> {
  const of = ['--cluster', stage.name]
  await podpass(stage, 'node', 'mode', mode, ...of, ...flags)
  const roles = roleNames(stage.name, mode)
  return {
    podOne: { serviceAccount: 'default', role: roles.public },
    podTwo: { serviceAccount: 'default', role: roles.database },
    end: () => podpass(stage, 'node', 'mode', 'none', ...of),
  }
}

const ownAccounts: World = {
  podOne: { serviceAccount: 'public' },
  podTwo: { serviceAccount: 'database' },
  end: async () => {},
}

/** The roles of both pods and of another team, all trusting `assumer`. */
async function annotatedRoles(stage: Stage, world: WorldName, assumer: string): Promise<void> {
  const roles = roleNames(stage.name, world)
  for (const who of ['database', 'public', 'payroll'] as const) {
    await role(stage, roles[who], { AWS: assumer })
    if (who !== 'payroll') await attach(stage, roles[who], policyOf(stage, who))
  }
}

/** Pod 1 may read a bucket's pages, pod 2 may log in. */
function policyOf({ policy }: Stage, who: 'public' | 'database'): string {
  return who === 'database' ? policy : 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
}

async function role({ aws }: Stage, name: string, principal: object): Promise<string> {
  const statement = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }
  return createRole(await aws.iam(), {
    name,
    trust: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    tags: [],
    description: 'made by podpass story',
  })
}

async function attach({ aws }: Stage, roleName: string, policy: string): Promise<void> {
  const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam')
  const command = new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn: policy })
  await (await aws.iam()).send(command)
}

async function detach({ aws }: Stage, roleName: string, policy: string): Promise<void> {
  const { DetachRolePolicyCommand } = await import('@aws-sdk/client-iam')
  const command = new DetachRolePolicyCommand({ RoleName: roleName, PolicyArn: policy })
  await (await aws.iam()).send(command)
}

/** The name at the end of a role's ARN. */
export function roleOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
