/** Associations and Fargate profiles over the wire, with AWS's own client. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateFargateProfileCommand,
  CreatePodIdentityAssociationCommand,
  DeleteClusterCommand,
  DeleteFargateProfileCommand,
  DeletePodIdentityAssociationCommand,
  DescribeFargateProfileCommand,
  DescribePodIdentityAssociationCommand,
  ListAccessEntriesCommand,
  ListFargateProfilesCommand,
  ListPodIdentityAssociationsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdatePodIdentityAssociationCommand,
} from '@aws-sdk/client-eks'
import { testAccount } from '../gateway/testing.ts'
import {
  clusterName,
  clusterRole,
  nodeRole,
  refusal,
  type TestEks,
  withCluster,
} from './testing.ts'

const who = { clusterName, namespace: 'shop', serviceAccount: 'api' }

test('an association is made, shown in full, listed without its role, changed and deleted', async () => {
  await using demo = await withCluster()
  const { client, running } = demo
  const arn = (await describeClusterArn(running)) ?? ''
  const { association } = await client.send(
    new CreatePodIdentityAssociationCommand({ ...who, roleArn: nodeRole, tags: { team: 'a' } }),
  )
  assert.match(association?.associationId ?? '', /^a-[a-z0-9]{17}$/)
  const { associationId = '', associationArn = '' } = association ?? {}
  assert.equal(
    associationArn,
    `arn:aws:eks:ap-northeast-1:${testAccount}:podidentityassociation/demo/${associationId}`,
  )
  assert.equal(association?.disableSessionTags, false)
  assert.equal(association?.ownerArn, undefined)
  assert.equal(running.eks.podIdentity(arn, 'shop', 'api')?.id, associationId)
  const id = { clusterName, associationId }
  const described = await client.send(new DescribePodIdentityAssociationCommand(id))
  assert.deepEqual(described.association, association)
  const { associations } = await client.send(
    new ListPodIdentityAssociationsCommand({ clusterName, namespace: 'shop' }),
  )
  assert.deepEqual(associations, [{ ...who, associationArn, associationId }])
  const none = await client.send(
    new ListPodIdentityAssociationsCommand({ clusterName, serviceAccount: 'web' }),
  )
  assert.deepEqual(none.associations, [])
  const targetRoleArn = 'arn:aws:iam::444455556666:role/data'
  const updated = await client.send(
    new UpdatePodIdentityAssociationCommand({ ...id, targetRoleArn, disableSessionTags: true }),
  )
  assert.equal(updated.association?.targetRoleArn, targetRoleArn)
  assert.equal(updated.association?.externalId, `ap-northeast-1/${testAccount}/demo/shop/api`)
  const bare = await client.send(
    new UpdatePodIdentityAssociationCommand({ ...id, targetRoleArn: '' }),
  )
  assert.equal(bare.association?.externalId, undefined)
  await client.send(new TagResourceCommand({ resourceArn: associationArn, tags: { x: 'y' } }))
  const tagged = await client.send(new ListTagsForResourceCommand({ resourceArn: associationArn }))
  assert.deepEqual(tagged.tags, { team: 'a', x: 'y' })
  await client.send(new DeletePodIdentityAssociationCommand(id))
  assert.equal(running.eks.podIdentity(arn, 'shop', 'api'), undefined)
  await assert.rejects(
    client.send(new DescribePodIdentityAssociationCommand(id)),
    refusal('ResourceNotFoundException', /No association found/),
  )
})

test('a ServiceAccount has one association; roles and policies that cannot be are refused', async () => {
  await using demo = await withCluster()
  const { client } = demo
  const create = (more: object) =>
    client.send(new CreatePodIdentityAssociationCommand({ ...who, roleArn: nodeRole, ...more }))
  const first = await create({ clientRequestToken: 'once' })
  const again = await create({ clientRequestToken: 'once' })
  assert.equal(again.association?.associationId, first.association?.associationId)
  await assert.rejects(
    create({ clientRequestToken: 'twice' }),
    refusal('ResourceInUseException', /^Association already exists: a-/),
  )
  const web = { serviceAccount: 'web' }
  const invalid = 'InvalidParameterException'
  await assert.rejects(
    create({ ...web, roleArn: `${nodeRole}-gone` }),
    refusal(invalid, /^Role provided in the request does not exist\.$/),
  )
  await assert.rejects(create({ ...web, roleArn: 'nobody' }), refusal(invalid, /'roleArn' failed/))
  const policy = '{"Version":"2012-10-17","Statement":[]}'
  await assert.rejects(create({ ...web, policy }), refusal(invalid, /disableSessionTags/))
  await assert.rejects(
    create({ ...web, policy: 'none', disableSessionTags: true }),
    refusal(invalid, /Syntax errors/),
  )
  await assert.rejects(
    create({ ...web, clusterName: 'other' }),
    refusal('ResourceNotFoundException', /^No cluster found for name: other\.$/),
  )
})

test('a Fargate profile is heeded by the cluster until it is deleted', async () => {
  await using demo = await withCluster()
  const { client, running } = demo
  const profile = {
    clusterName,
    fargateProfileName: 'fp-default',
    podExecutionRoleArn: nodeRole,
    selectors: [{ namespace: 'batch', labels: { on: 'fargate' } }],
  }
  const { fargateProfile } = await client.send(new CreateFargateProfileCommand(profile))
  assert.equal(fargateProfile?.status, 'CREATING')
  const name = { clusterName, fargateProfileName: 'fp-default' }
  const shown = await client.send(new DescribeFargateProfileCommand(name))
  assert.equal(shown.fargateProfile?.status, 'ACTIVE')
  assert.match(
    shown.fargateProfile?.fargateProfileArn ?? '',
    /:fargateprofile\/demo\/fp-default\/[0-9a-f-]{36}$/,
  )
  const heeded = () => [...running.clusters.fargate.values()].flat().map((one) => one.name)
  assert.deepEqual(heeded(), ['fp-default'])
  const entries = await client.send(new ListAccessEntriesCommand({ clusterName }))
  assert.ok(entries.accessEntries?.includes(nodeRole))
  await assert.rejects(
    client.send(new CreateFargateProfileCommand({ ...profile, fargateProfileName: 'eks-mine' })),
    refusal('InvalidParameterException', /cannot start with eks-/),
  )
  await assert.rejects(
    client.send(new CreateFargateProfileCommand({ ...profile, podExecutionRoleArn: clusterRole })),
    refusal('InvalidParameterException', /^Misconfigured PodExecutionRole Trust Policy/),
  )
  await assert.rejects(
    client.send(new DeleteClusterCommand({ name: clusterName })),
    refusal('ResourceInUseException', /Fargate profiles/),
  )
  await client.send(new DeleteFargateProfileCommand(name))
  assert.deepEqual(heeded(), [])
  const list = await client.send(new ListFargateProfilesCommand({ clusterName }))
  assert.deepEqual(list.fargateProfileNames, [])
})

test('with the cluster goes all that belongs to it', async () => {
  await using demo = await withCluster()
  const { client, running } = demo
  const arn = (await describeClusterArn(running)) ?? ''
  await client.send(new CreatePodIdentityAssociationCommand({ ...who, roleArn: nodeRole }))
  await client.send(new DeleteClusterCommand({ name: clusterName }))
  assert.equal(running.eks.podIdentity(arn, 'shop', 'api'), undefined)
})

test('a Fargate profile without selectors, or with odd ones, is refused in EKS’s words', async () => {
  await using demo = await withCluster()
  const create = (selectors: { namespace?: string; labels?: Record<string, string> }[]) =>
    demo.client.send(
      new CreateFargateProfileCommand({
        clusterName,
        fargateProfileName: 'odd',
        podExecutionRoleArn: nodeRole,
        selectors,
      }),
    )
  const invalid = 'InvalidParameterException'
  const labels = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, '1']))
  await assert.rejects(
    create([]),
    refusal(invalid, /^Fargate Profile requires at least one selector\.$/),
  )
  await assert.rejects(
    create([{ labels: { a: '1' } }]),
    refusal(
      invalid,
      /^Fargate Profile must have at least one selector with at least one namespace/,
    ),
  )
  await assert.rejects(
    create([{ namespace: 'dev', labels }]),
    refusal(invalid, /^Request contains Selector with more than 5 Label pairs$/),
  )
})

async function describeClusterArn({ clusters }: TestEks): Promise<string | undefined> {
  return [...clusters.clusters.keys()][0]
}
