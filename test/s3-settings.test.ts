/** S3's bucket settings with the SDK: each is put, read back and taken away by its own command. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketTaggingCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  PutBucketAccelerateConfigurationCommand,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutBucketWebsiteCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { administrator, testRegion } from '../src/aws/gateway/testing.ts'
import { startTestS3 } from '../src/aws/s3/testing.ts'

const ends: (() => unknown)[] = []
let client: S3Client
const Bucket = 'settings'

before(async () => {
  const s3 = await startTestS3({ after: (end) => ends.push(end as () => unknown) })
  client = new S3Client({
    ...{ endpoint: s3.endpoint, region: testRegion, credentials: administrator },
    ...{ forcePathStyle: true, maxAttempts: 1 },
  })
  await client.send(new CreateBucketCommand({ Bucket }))
})
after(async () => {
  client.destroy()
  for (const end of ends) await end()
})

/** Asserts that a call is refused with this code. */
async function refused(call: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(call, (error: Error) => error.name === code)
}

test('CORS rules', async () => {
  const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://a.example'] }]
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  const got = await client.send(new GetBucketCorsCommand({ Bucket }))
  assert.deepEqual(got.CORSRules, CORSRules)
  await client.send(new DeleteBucketCorsCommand({ Bucket }))
  await refused(client.send(new GetBucketCorsCommand({ Bucket })), 'NoSuchCORSConfiguration')
})

test('tags', async () => {
  const TagSet = [{ Key: 'team', Value: 'blue green' }]
  await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  assert.deepEqual((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, TagSet)
  await client.send(new DeleteBucketTaggingCommand({ Bucket }))
  await refused(client.send(new GetBucketTaggingCommand({ Bucket })), 'NoSuchTagSet')
})

test('encryption falls back to the default when it is deleted', async () => {
  const algorithm = async () => {
    const got = await client.send(new GetBucketEncryptionCommand({ Bucket }))
    const [rule] = got.ServerSideEncryptionConfiguration?.Rules ?? []
    return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
  }
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }]
  await client.send(
    new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
  )
  assert.equal(await algorithm(), 'AES256')
  await client.send(new DeleteBucketEncryptionCommand({ Bucket }))
  assert.equal(await algorithm(), 'AES256')
})

test('versioning, transfer acceleration and who pays', async () => {
  assert.equal((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined)
  const enabled = { Status: 'Enabled' } as const
  const suspended = { Status: 'Suspended' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: enabled }))
  assert.equal((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled')
  await client.send(
    new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: suspended }),
  )
  const accelerate = await client.send(new GetBucketAccelerateConfigurationCommand({ Bucket }))
  assert.equal(accelerate.Status, 'Suspended')
  const payer = { Payer: 'Requester' } as const
  await client.send(
    new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: payer }),
  )
  const payment = await client.send(new GetBucketRequestPaymentCommand({ Bucket }))
  assert.equal(payment.Payer, 'Requester')
})

test('lifecycle rules and the index of a website', async () => {
  const Rules = [
    {
      ID: 'logs',
      Filter: { Prefix: 'logs/' },
      Status: 'Enabled' as const,
      Expiration: { Days: 30 },
    },
  ]
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  )
  const lifecycle = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  assert.deepEqual(lifecycle.Rules, Rules)
  const IndexDocument = { Suffix: 'index.html' }
  await client.send(
    new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: { IndexDocument } }),
  )
  const website = await client.send(new GetBucketWebsiteCommand({ Bucket }))
  assert.deepEqual(website.IndexDocument, IndexDocument)
})

test('ownership decides whether ACLs can be set', async () => {
  const ownership = async () =>
    (await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules
  const setAcl = () => client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }))
  assert.deepEqual(await ownership(), [{ ObjectOwnership: 'BucketOwnerEnforced' }])
  const Rules = [{ ObjectOwnership: 'ObjectWriter' as const }]
  await client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } }))
  assert.deepEqual(await ownership(), Rules)
  await setAcl()
  const { Grants } = await client.send(new GetBucketAclCommand({ Bucket }))
  assert.deepEqual(
    Grants?.map(({ Permission }) => Permission),
    ['FULL_CONTROL'],
  )
  await client.send(new DeleteBucketOwnershipControlsCommand({ Bucket }))
})

test('logging and notifications that are off stay off', async () => {
  await client.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }))
  assert.equal(
    (await client.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled,
    undefined,
  )
  await client.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }),
  )
  const got = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
  assert.equal(got.QueueConfigurations, undefined)
})

test('a policy comes back as it was put', async () => {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject' },
        Resource: `arn:aws:s3:::${Bucket}/secret`,
      },
    ],
  })
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  const got = await client.send(new GetBucketPolicyCommand({ Bucket }))
  assert.deepEqual(JSON.parse(got.Policy ?? ''), JSON.parse(Policy))
})
