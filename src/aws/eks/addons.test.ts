/** Add-ons over the wire, with AWS's own client: what they associate, and what stays of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateAddonCommand,
  CreatePodIdentityAssociationCommand,
  DeleteAddonCommand,
  DeletePodIdentityAssociationCommand,
  DescribeAddonCommand,
  DescribeAddonConfigurationCommand,
  DescribeAddonVersionsCommand,
  ListAddonsCommand,
  UpdateAddonCommand,
} from '@aws-sdk/client-eks'
import {
  clusterName,
  clusterRole,
  nodeRole,
  refusal,
  type TestEks,
  withCluster,
} from './testing.ts'

test('the agent is an add-on like others; what an add-on associated goes with it', async () => {
  await using demo = await withCluster()
  const { client, running } = demo
  const arn = (await describeClusterArn(running)) ?? ''
  const addonName = 'eks-pod-identity-agent'
  await assert.rejects(
    client.send(new DescribeAddonCommand({ clusterName, addonName })),
    refusal(
      'ResourceNotFoundException',
      /^No addon: eks-pod-identity-agent found in cluster: demo$/,
    ),
  )
  assert.equal(running.eks.hasAddon(arn, addonName), false)
  const created = await client.send(new CreateAddonCommand({ clusterName, addonName }))
  assert.equal(created.addon?.status, 'CREATING')
  const { addon } = await client.send(new DescribeAddonCommand({ clusterName, addonName }))
  assert.equal(addon?.status, 'ACTIVE')
  assert.match(addon?.addonArn ?? '', /:addon\/demo\/eks-pod-identity-agent\/[0-9a-f-]{36}$/)
  assert.equal(running.eks.hasAddon(arn, addonName), true)
  await assert.rejects(
    client.send(new CreateAddonCommand({ clusterName, addonName })),
    refusal('ResourceInUseException', /^Addon already exists\.$/),
  )
  await assert.rejects(
    client.send(new CreateAddonCommand({ clusterName, addonName: 'who-knows' })),
    refusal('InvalidParameterException', /^Addon version specified is not supported$/),
  )
  const cni = { clusterName, addonName: 'vpc-cni' }
  const podIdentityAssociations = [{ serviceAccount: 'aws-node', roleArn: nodeRole }]
  await client.send(new CreateAddonCommand({ ...cni, podIdentityAssociations }))
  const shown = await client.send(new DescribeAddonCommand(cni))
  assert.equal(shown.addon?.podIdentityAssociations?.length, 1)
  assert.equal(
    running.eks.podIdentity(arn, 'kube-system', 'aws-node')?.ownerArn,
    shown.addon?.addonArn,
  )
  const listed = await client.send(new ListAddonsCommand({ clusterName }))
  assert.deepEqual(listed.addons, [addonName, 'vpc-cni'])
  const configurationValues = '{"env":{}}'
  const { update } = await client.send(new UpdateAddonCommand({ ...cni, configurationValues }))
  assert.equal(update?.type, 'AddonUpdate')
  await client.send(new DeleteAddonCommand(cni))
  assert.equal(running.eks.podIdentity(arn, 'kube-system', 'aws-node'), undefined)
})

test('UpdateAddon replaces the associations that an add-on owns, and touches no others', async () => {
  await using demo = await withCluster()
  const { client, running } = demo
  const arn = (await describeClusterArn(running)) ?? ''
  const cni = { clusterName, addonName: 'vpc-cni' }
  await client.send(new CreateAddonCommand(cni))
  const update = (podIdentityAssociations?: { serviceAccount: string; roleArn: string }[]) =>
    client.send(new UpdateAddonCommand({ ...cni, podIdentityAssociations }))
  const own = () => running.eks.podIdentity(arn, 'kube-system', 'aws-node')
  const association = { serviceAccount: 'aws-node', roleArn: nodeRole }
  const made = await update([association])
  assert.deepEqual(made.update?.params, [
    { type: 'PodIdentityAssociations', value: JSON.stringify([association]) },
  ])
  const { addon } = await client.send(new DescribeAddonCommand(cni))
  assert.deepEqual(addon?.podIdentityAssociations, [own()?.arn])
  assert.equal(own()?.ownerArn, addon?.addonArn)
  const id = own()?.id
  await update([{ ...association, roleArn: clusterRole }])
  assert.deepEqual([own()?.id, own()?.roleArn], [id, clusterRole])
  await update(undefined)
  assert.equal(own()?.roleArn, clusterRole)
  await update([])
  assert.equal(own(), undefined)

  await client.send(
    new CreatePodIdentityAssociationCommand({
      ...{ clusterName, namespace: 'kube-system', serviceAccount: 'aws-node', roleArn: nodeRole },
    }),
  )
  await assert.rejects(
    update([association]),
    refusal('ResourceInUseException', /^Association already exists: a-/),
  )
  await update([])
  assert.equal(own()?.roleArn, nodeRole)
  const invalid = 'InvalidParameterException'
  await assert.rejects(
    update([{ ...association, serviceAccount: 'other' }]),
    refusal(
      invalid,
      /^Service account other in pod identity configuration is not supported for addon vpc-cni$/,
    ),
  )
  await assert.rejects(
    client.send(
      new CreateAddonCommand({
        ...{ clusterName, addonName: 'coredns', podIdentityAssociations: [association] },
      }),
    ),
    refusal(invalid, /^Pod Identity feature is not supported for addon version: v1\.11/),
  )
  const left = await client.send(new ListAddonsCommand({ clusterName }))
  assert.deepEqual(left.addons, ['vpc-cni'])
})

test('an association that an add-on owns may be deleted by itself, as on EKS; preserve keeps it and the software', async () => {
  await using demo = await withCluster()
  const { client, running } = demo
  const arn = (await describeClusterArn(running)) ?? ''
  const cni = { clusterName, addonName: 'vpc-cni' }
  const podIdentityAssociations = [{ serviceAccount: 'aws-node', roleArn: nodeRole }]
  await client.send(new CreateAddonCommand({ ...cni, podIdentityAssociations }))
  const own = () => running.eks.podIdentity(arn, 'kube-system', 'aws-node')
  const associationId = own()?.id ?? ''
  await client.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }))
  const { addon } = await client.send(new DescribeAddonCommand(cni))
  assert.equal(addon?.podIdentityAssociations, undefined)
  await client.send(new UpdateAddonCommand({ ...cni, podIdentityAssociations }))
  const gone = await client.send(new DeleteAddonCommand({ ...cni, preserve: true }))
  assert.deepEqual(gone.addon?.podIdentityAssociations, [own()?.arn])
  assert.equal(own()?.roleArn, nodeRole)

  const agent = { clusterName, addonName: 'eks-pod-identity-agent' }
  const hasAgent = () => running.eks.hasAddon(arn, agent.addonName)
  await client.send(new CreateAddonCommand(agent))
  await client.send(new DeleteAddonCommand({ ...agent, preserve: true }))
  await assert.rejects(
    client.send(new DescribeAddonCommand(agent)),
    refusal('ResourceNotFoundException', /^No addon: eks-pod-identity-agent found/),
  )
  assert.equal(hasAgent(), true)
  await client.send(new CreateAddonCommand(agent))
  await client.send(new DeleteAddonCommand(agent))
  assert.equal(hasAgent(), false)
})

test('eksctl finds a default version of each add-on, and what configures it', async () => {
  await using demo = await withCluster()
  const { client } = demo
  const { addons = [] } = await client.send(
    new DescribeAddonVersionsCommand({ addonName: 'vpc-cni', kubernetesVersion: '1.32' }),
  )
  const version = addons[0]?.addonVersions?.[0]
  assert.equal(version?.compatibilities?.[0]?.defaultVersion, true)
  const { addonVersion } = version ?? {}
  const configuration = await client.send(
    new DescribeAddonConfigurationCommand({ addonName: 'vpc-cni', addonVersion }),
  )
  assert.equal(configuration.podIdentityConfiguration?.[0]?.serviceAccount, 'aws-node')
})

async function describeClusterArn({ clusters }: TestEks): Promise<string | undefined> {
  return [...clusters.clusters.keys()][0]
}
