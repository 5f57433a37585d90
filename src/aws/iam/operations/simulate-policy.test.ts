import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreatePolicyCommand,
  CreateRoleCommand,
  GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand,
  PutRolePolicyCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { allow, ec2Trust, refused, startTestIam, type TestIam } from '../testing.ts'

const conditioned = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 's3:*',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      Resource: 'arn:aws:s3:::team-${aws:PrincipalTag/team}/*',
      Condition: { StringEquals: { 's3:prefix': 'x', 'aws:RequestedRegion': 'us-west-2' } },
    },
  ],
})
const PolicySourceArn = `arn:aws:iam::${testAccount}:role/reader`

let iam: TestIam
before(async () => {
  iam = await startTestIam()
  const { Policy } = await iam.client.send(
    new CreatePolicyCommand({ PolicyName: 'fence', PolicyDocument: allow('s3:Get*') }),
  )
  await iam.client.send(
    new CreateRoleCommand({
      RoleName: 'reader',
      AssumeRolePolicyDocument: ec2Trust,
      PermissionsBoundary: Policy?.Arn,
    }),
  )
  await iam.client.send(
    new PutRolePolicyCommand({
      RoleName: 'reader',
      PolicyName: 'objects',
      PolicyDocument: allow('s3:*Object'),
    }),
  )
})
after(() => iam[Symbol.asyncDispose]())

test('a role’s policies and boundary answer for it, with the statements that matched', async () => {
  const { EvaluationResults, IsTruncated } = await iam.client.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn,
      ActionNames: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
      ResourceArns: ['arn:aws:s3:::bucket/key'],
    }),
  )
  assert.equal(IsTruncated, false)
  assert.deepEqual(
    EvaluationResults?.map((result) => [
      result.EvalActionName,
      result.EvalResourceName,
      result.EvalDecision,
      result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
    ]),
    [
      ['s3:GetObject', 'arn:aws:s3:::bucket/key', 'allowed', true],
      ['s3:PutObject', 'arn:aws:s3:::bucket/key', 'implicitDeny', false],
      ['s3:ListBucket', 'arn:aws:s3:::bucket/key', 'implicitDeny', false],
    ],
  )
  assert.equal(EvaluationResults?.[0]?.MatchedStatements?.[0]?.SourcePolicyId, 'objects')
})

test('policies given decide by themselves, page by page', async () => {
  const input = {
    PolicyInputList: [allow('s3:*'), allow('s3:Delete*').replace('Allow', 'Deny')],
    ActionNames: ['s3:GetObject', 's3:DeleteObject', 'ec2:RunInstances'],
  }
  const decisions: (string | undefined)[] = []
  let Marker: string | undefined
  do {
    const page = await iam.client.send(
      new SimulateCustomPolicyCommand({ ...input, MaxItems: 2, ...(Marker && { Marker }) }),
    )
    decisions.push(...(page.EvaluationResults ?? []).map(({ EvalDecision }) => EvalDecision))
    Marker = page.Marker
  } while (Marker)
  assert.deepEqual(decisions, ['allowed', 'explicitDeny', 'implicitDeny'])
})

test('condition keys that nobody gave are named; given ones decide', async () => {
  const ask = (ContextEntries: object[]) =>
    iam.client.send(
      new SimulateCustomPolicyCommand({
        PolicyInputList: [conditioned],
        ActionNames: ['s3:GetObject'],
        ResourceArns: ['arn:aws:s3:::team-x/key'],
        ContextEntries: ContextEntries as never,
      }),
    )
  const without = (await ask([])).EvaluationResults?.[0]
  assert.equal(without?.EvalDecision, 'implicitDeny')
  assert.deepEqual(without?.MissingContextValues?.toSorted(), [
    'aws:PrincipalTag/team',
    'aws:RequestedRegion',
    's3:prefix',
  ])
  const entry = (ContextKeyName: string, value: string) => ({
    ContextKeyName,
    ContextKeyType: 'string',
    ContextKeyValues: [value],
  })
  const given = await ask([
    entry('aws:principaltag/team', 'x'),
    entry('s3:prefix', 'x'),
    entry('aws:RequestedRegion', 'us-west-2'),
  ])
  assert.equal(given.EvaluationResults?.[0]?.EvalDecision, 'allowed')
})

test('the condition keys of policies are listed', async () => {
  const custom = await iam.client.send(
    new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [conditioned] }),
  )
  assert.deepEqual(custom.ContextKeyNames?.toSorted(), [
    'aws:PrincipalTag/team',
    'aws:RequestedRegion',
    's3:prefix',
  ])
  const principal = await iam.client.send(
    new GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn }),
  )
  assert.deepEqual(principal.ContextKeyNames ?? [], [])
})

test('wrong documents and unknown principals are refused', async () => {
  await refused(
    iam.client.send(
      new SimulateCustomPolicyCommand({ PolicyInputList: ['{'], ActionNames: ['s3:GetObject'] }),
    ),
    'InvalidInput',
    'PolicyInputList.1: Syntax errors in policy.',
  )
  await refused(
    iam.client.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: `arn:aws:iam::${testAccount}:role/ghost`,
        ActionNames: ['s3:GetObject'],
      }),
    ),
    'NoSuchEntity',
    'The role with name ghost cannot be found.',
  )
})

test('a trust policy is judged for the token’s claims, which AWS’s simulator cannot', async () => {
  const issuer = 'localhost:8443/id/x'
  const provider = `arn:aws:iam::${testAccount}:oidc-provider/${issuer}`
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringLike: { [`${issuer}:sub`]: 'system:serviceaccount:default:*' } },
    },
  })
  const decide = async (sub: string, CallerArn?: string) => {
    const { EvaluationResults } = await iam.client.send(
      new SimulateCustomPolicyCommand({
        PolicyInputList: [],
        ResourcePolicy: trust,
        ActionNames: ['sts:AssumeRoleWithWebIdentity'],
        ResourceArns: [PolicySourceArn],
        ContextEntries: [
          { ContextKeyName: `${issuer}:sub`, ContextKeyType: 'string', ContextKeyValues: [sub] },
        ],
        ...(CallerArn && { CallerArn }),
      }),
    )
    return EvaluationResults?.[0]?.EvalDecision
  }
  assert.equal(await decide('system:serviceaccount:default:reader'), 'allowed')
  assert.equal(await decide('system:serviceaccount:default:reader', provider), 'allowed')
  assert.equal(await decide('system:serviceaccount:kube:reader'), 'implicitDeny')
  assert.equal(await decide('system:serviceaccount:default:reader', `${provider}y`), 'implicitDeny')
})
