/**
 * Terraform's AWS provider as the judge of IAM, by the calls that it makes (its binary comes from no package registry):
 * what was made is found unchanged, each change takes, and what was deleted is known to be gone.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import { testAccount } from '../src/aws/gateway/testing.ts'
import { startTestIam, type TestIam } from '../src/aws/iam/testing.ts'
import { policyResource, type RoleState, roleResource } from './support/terraform-iam.ts'
import {
  groupResource,
  keyResource,
  profileResource,
  providerResource,
  userResource,
} from './support/terraform-identities.ts'
import type { Resource } from './support/terraform-resource.ts'

let own: TestIam
before(async () => {
  own = await startTestIam()
})
after(() => own[Symbol.asyncDispose]())

/** `apply` and `plan` for each configuration in turn, then `destroy`: no plan shows a change that was not made. */
async function lifecycle<State>(
  resource: Resource<State>,
  configurations: readonly [State, ...State[]],
): Promise<void> {
  assert.equal(await resource.read(), undefined, 'it is there before it is made')
  const [first, ...others] = configurations
  await resource.create(first)
  let state = first
  assert.deepEqual(await resource.read(), state)
  for (const next of others) {
    await resource.update(state, next)
    state = next
    assert.deepEqual(await resource.read(), state)
  }
  await resource.delete(state)
  assert.equal(await resource.read(), undefined, 'it is there after it was deleted')
  // A second `destroy`, of what somebody else has deleted, finds nothing to complain about.
  await resource.delete(state).catch((error: unknown) => {
    assert.ok(error instanceof iam.NoSuchEntityException, String(error))
  })
}

const arn = (resource: string) => `arn:aws:iam::${testAccount}:${resource}`
const statement = (Action: string, Resource = '*') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] })
const trust = (Service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service } }],
  })
const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
const s3Only = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'

const role: RoleState = {
  ...{ path: '/', description: '', trust: trust('ec2.amazonaws.com'), maxSessionDuration: 3600 },
  ...{ boundary: '', inline: {}, attached: [], tags: {} },
}

test('aws_iam_role: each attribute changes alone, and nothing else with it', async () => {
  const described = {
    ...role,
    path: '/team/',
    description: "says what it's for, ¿no?",
    tags: { a: '1' },
  }
  const inline = { one: statement('s3:Get*', 'arn:aws:s3:::a+b c/*'), two: statement('sqs:*') }
  await lifecycle(roleResource(own.client, 'tf-role'), [
    described,
    { ...described, maxSessionDuration: 7200 },
    { ...described, maxSessionDuration: 7200, description: 'another' },
    { ...described, trust: trust('lambda.amazonaws.com'), boundary: readOnly },
    { ...described, boundary: s3Only, inline, attached: [s3Only, readOnly].sort() },
    { ...described, inline: { two: statement('sns:*') }, attached: [readOnly] },
    { ...described, tags: { b: '2', c: '' } },
  ])
})

test('aws_iam_policy: nine documents in a row, of which the last five versions stay', async () => {
  const policy = { path: '/', description: '', document: statement('s3:*'), tags: { a: '1' } }
  const later = Array.from({ length: 8 }, (_, n) => ({
    ...policy,
    document: statement(`s3:Get${n}*`),
  }))
  await lifecycle(policyResource(own.client, arn('policy/tf-policy')), [
    policy,
    ...later,
    { ...policy, tags: {} },
  ])
})

test('aws_iam_openid_connect_provider: clients, thumbprints and tags change in place', async () => {
  const url = 'oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE'
  const sts = 'sts.amazonaws.com'
  const made = { url, clientIds: [sts], thumbprints: ['a'.repeat(40)], tags: {} }
  await lifecycle(providerResource(own.client, arn(`oidc-provider/${url}`)), [
    made,
    { ...made, clientIds: ['another', sts], thumbprints: ['b'.repeat(40), 'c'.repeat(40)] },
    { ...made, clientIds: ['another'], tags: { a: '1' } },
  ])
})

test('aws_iam_instance_profile: its role comes, goes and is replaced', async () => {
  const roles = ['tf-node-1', 'tf-node-2'].map((name) => roleResource(own.client, name))
  for (const one of roles) await one.create(role)
  const profile = { path: '/', role: 'tf-node-1', tags: { a: '1' } }
  await lifecycle(profileResource(own.client, 'tf-profile'), [
    profile,
    { ...profile, role: 'tf-node-2' },
    { ...profile, role: '', tags: { a: '2' } },
    { ...profile },
  ])
  for (const one of roles) await one.delete(role)
})

test('a role is deleted although a profile still holds it: the provider takes it out first', async () => {
  const held = roleResource(own.client, 'tf-held')
  await held.create(role)
  const profile = profileResource(own.client, 'tf-holder')
  await profile.create({ path: '/', role: 'tf-held', tags: {} })
  await held.delete(role)
  assert.equal((await profile.read())?.role, '')
  await profile.delete({ path: '/', role: '', tags: {} })
})

test('aws_iam_user, aws_iam_group and aws_iam_access_key: renamed, moved, joined, switched off', async () => {
  const user = { name: 'tf-user', path: '/', boundary: '', tags: {} }
  await lifecycle(userResource(own.client, 'tf-user'), [
    user,
    { ...user, name: 'tf-renamed', path: '/people/' },
    { ...user, name: 'tf-renamed', boundary: readOnly, tags: { a: '1' } },
  ])
  const members = ['tf-ann', 'tf-bob'].map((name) => ({ ...user, name }))
  const made = members.map(({ name }) => userResource(own.client, name))
  for (const [n, member] of members.entries()) await made[n]?.create(member)
  await lifecycle(groupResource(own.client, 'tf-group'), [
    { path: '/', users: ['tf-ann'] },
    { path: '/groups/', users: ['tf-ann', 'tf-bob'] },
    { path: '/groups/', users: ['tf-bob'] },
  ])
  await lifecycle(keyResource(own.client, 'tf-ann'), [
    { user: 'tf-ann', status: 'Inactive' },
    { user: 'tf-ann', status: 'Active' },
  ])
  // With `force_destroy` a user goes, and all that hangs on him.
  await own.client.send(new iam.CreateAccessKeyCommand({ UserName: 'tf-ann' }))
  for (const [n, member] of members.entries()) {
    await made[n]?.delete(member)
    assert.equal(await made[n]?.read(), undefined)
  }
})
