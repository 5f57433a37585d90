import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestIam, type TestIam } from '../src/aws/iam/testing.ts'

const account = '111122223333'
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/oidc.example/id/demo` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'oidc.example/id/demo:aud': 'sts.amazonaws.com' } },
    },
  ],
})
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::demo/*' }],
})

let iam: TestIam
before(async () => {
  iam = await startTestIam()
})
after(() => iam[Symbol.asyncDispose]())

/** Runs `aws iam …` (words split at spaces) and returns what it prints. */
async function aws(command: string, ...rest: string[]): Promise<Record<string, unknown>> {
  const args = ['iam', ...command.split(' '), ...rest]
  const { administratorKeys: credentials } = iam.keys
  const { status, stdout, stderr } = await iam.gateway.aws(args, { credentials })
  assert.equal(status, 0, `${command}: ${stderr}`)
  return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
}

test('the aws CLI registers an issuer and makes a role that trusts it', async () => {
  const url = 'https://oidc.example:443/id/demo'
  const made = await aws(
    `create-open-id-connect-provider --url ${url} --client-id-list sts.amazonaws.com --thumbprint-list ${'a'.repeat(40)}`,
  )
  const arn = `arn:aws:iam::${account}:oidc-provider/oidc.example/id/demo`
  assert.deepEqual(made, { OpenIDConnectProviderArn: arn })
  const { Url } = await aws(`get-open-id-connect-provider --open-id-connect-provider-arn ${arn}`)
  assert.equal(Url, 'oidc.example/id/demo')

  await aws('create-role --role-name irsa --assume-role-policy-document', trust)
  const { Role } = (await aws('get-role --role-name irsa')) as {
    Role: { AssumeRolePolicyDocument: object }
  }
  assert.deepEqual(Role.AssumeRolePolicyDocument, JSON.parse(trust))
})

test('the aws CLI gives a role policies, takes them away and deletes it', async () => {
  const { Policy } = (await aws(
    'create-policy --policy-name reader --policy-document',
    policy,
  )) as { Policy: { Arn: string } }
  await aws('create-role --role-name worker --assume-role-policy-document', trust)
  await aws('put-role-policy --role-name worker --policy-name inline --policy-document', policy)
  await aws(`attach-role-policy --role-name worker --policy-arn ${Policy.Arn}`)
  const inline = await aws('get-role-policy --role-name worker --policy-name inline')
  assert.deepEqual(inline['PolicyDocument'], JSON.parse(policy))
  const version = (await aws(`get-policy-version --policy-arn ${Policy.Arn} --version-id v1`)) as {
    PolicyVersion: { Document: object }
  }
  assert.deepEqual(version.PolicyVersion.Document, JSON.parse(policy))

  await aws(`detach-role-policy --role-name worker --policy-arn ${Policy.Arn}`)
  await aws('delete-role-policy --role-name worker --policy-name inline')
  assert.deepEqual(await aws('list-instance-profiles-for-role --role-name worker'), {
    InstanceProfiles: [],
  })
  await aws('delete-role --role-name worker')
  await aws(`delete-policy --policy-arn ${Policy.Arn}`)
})

test('the aws CLI pages through the AWS managed policies by itself', async () => {
  const { Policies } = (await aws('list-policies --scope AWS --page-size 500')) as {
    Policies: { PolicyName: string }[]
  }
  assert.equal(new Set(Policies.map(({ PolicyName }) => PolicyName)).size, 1594)
})

test('the aws CLI makes a user whose keys work until they are deleted', async () => {
  await aws('create-user --user-name bob')
  await aws('put-user-policy --user-name bob --policy-name self --policy-document', policy)
  const { AccessKey } = (await aws('create-access-key --user-name bob')) as {
    AccessKey: { AccessKeyId: string; SecretAccessKey: string }
  }
  const credentials = {
    accessKeyId: AccessKey.AccessKeyId,
    secretAccessKey: AccessKey.SecretAccessKey,
  }
  const ask = () => iam.gateway.aws(['iam', 'get-user'], { credentials })
  assert.match(
    (await ask()).stderr,
    /AccessDenied.*user\/bob is not authorized to perform: iam:GetUser on resource: arn:aws:iam::111122223333:user\/bob because no identity-based policy allows the iam:GetUser action/,
  )
  await aws(`delete-access-key --user-name bob --access-key-id ${AccessKey.AccessKeyId}`)
  assert.match((await ask()).stderr, /InvalidClientTokenId/)
})

test('the aws CLI simulates what a role may', async () => {
  await aws('create-role --role-name asked --assume-role-policy-document', trust)
  await aws('put-role-policy --role-name asked --policy-name p --policy-document', policy)
  const { EvaluationResults } = (await aws(
    `simulate-principal-policy --policy-source-arn arn:aws:iam::${account}:role/asked --action-names s3:GetObject s3:PutObject --resource-arns arn:aws:s3:::demo/key`,
  )) as { EvaluationResults: { EvalDecision: string }[] }
  assert.deepEqual(
    EvaluationResults.map(({ EvalDecision }) => EvalDecision),
    ['allowed', 'implicitDeny'],
  )
})
