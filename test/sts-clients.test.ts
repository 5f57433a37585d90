/** STS with the real aws command and the AWS SDK for JavaScript. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
  type STSServiceException,
} from '@aws-sdk/client-sts'
import { allowing, testAccount, testRegion } from '../src/aws/gateway/testing.ts'
import { startTestSts, type TestSts, trusting } from '../src/aws/sts/testing.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import type { SigningCredentials } from '../src/kernel/sigv4/sign.ts'

const clock = new ManualClock(Date.now())
const roleArn = `arn:aws:iam::${testAccount}:role/irsa`
let sts: TestSts
let folder: string
before(async () => {
  sts = await startTestSts({ clock })
  folder = await mkdtemp(join(tmpdir(), 'podpass-sts-'))
})
after(async () => {
  await sts[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

function client(credentials: SigningCredentials = { accessKeyId: 'x', secretAccessKey: 'y' }) {
  return new STSClient({ endpoint: sts.endpoint, region: testRegion, maxAttempts: 1, credentials })
}

function web(WebIdentityToken: string, RoleSessionName = 'sdk') {
  const input = { RoleArn: roleArn, RoleSessionName, WebIdentityToken }
  return client().send(new AssumeRoleWithWebIdentityCommand(input))
}

function keys(
  given: {
    AccessKeyId?: string | undefined
    SecretAccessKey?: string | undefined
    SessionToken?: string | undefined
  } = {},
) {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = given
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
}

async function nameOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
    return 'no error'
  } catch (error) {
    const { name, $metadata } = error as STSServiceException
    return `${name} ${$metadata.httpStatusCode}`
  }
}

describe('the real aws', () => {
  it('finds its role by a token file alone, as in a pod', async () => {
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, sts.issuer.token(clock.now()))
    const { execFile } = await import('node:child_process')
    const { promisify } = await import('node:util')
    const env = {
      ...sts.environment('none'),
      AWS_ROLE_ARN: roleArn,
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ROLE_SESSION_NAME: 'pod',
    }
    const { stdout } = await promisify(execFile)('aws', ['sts', 'get-caller-identity'], { env })
    const { Arn } = JSON.parse(stdout) as { Arn: string }
    assert.equal(Arn, `arn:aws:sts::${testAccount}:assumed-role/irsa/pod`)
  })
})

describe('the SDK for JavaScript', () => {
  it('trades a token for a session, and acts with it until the lab clock ends it', async () => {
    const answer = await web(sts.issuer.token(clock.now()))
    assert.equal(answer.SubjectFromWebIdentityToken, 'system:serviceaccount:default:reader')
    assert.ok(answer.Credentials?.Expiration instanceof Date)
    const session = client(keys(answer.Credentials))
    const who = await session.send(new GetCallerIdentityCommand({}))
    assert.equal(who.UserId, answer.AssumedRoleUser?.AssumedRoleId)
    clock.advance(3_600_000)
    assert.equal(await nameOf(session.send(new GetCallerIdentityCommand({}))), 'ExpiredToken 403')
    clock.advance(-3_600_000)
  })

  it('gets its own error classes', async () => {
    const old = sts.issuer.token(clock.now() - 7_200_000)
    assert.equal(await nameOf(web(old)), 'ExpiredTokenException 400')
    assert.equal(await nameOf(web('garbage')), 'InvalidIdentityTokenException 400')
    const other = sts.issuer.token(clock.now(), { sub: 'system:serviceaccount:a:b' })
    assert.equal(await nameOf(web(other)), 'AccessDenied 403')
    assert.equal(await nameOf(web(sts.issuer.token(clock.now()), 'a b')), 'ValidationError 400')
    const stranger = client({ accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' })
    assert.equal(
      await nameOf(stranger.send(new GetCallerIdentityCommand({}))),
      'InvalidClientTokenId 403',
    )
  })

  it('assumes roles with tags and policies, and asks about keys', async () => {
    const user = { accessKeyId: 'AKIASDKSDKSDKSDKSDKS', secretAccessKey: 'sdk' }
    sts.identities.addUser('sdk', user, allowing('sts:*'))
    const role = sts.identities.addRole('target', [], {
      trustPolicy: trusting({ AWS: `arn:aws:iam::${testAccount}:root` }),
    })
    const answer = await client(user).send(
      new AssumeRoleCommand({
        RoleArn: role.arn,
        RoleSessionName: 'sdk',
        Tags: [{ Key: 'team', Value: 'blue' }],
        TransitiveTagKeys: ['team'],
        Policy: allowing('s3:*'),
        DurationSeconds: 900,
      }),
    )
    assert.ok((answer.PackedPolicySize ?? 0) > 0)
    const AccessKeyId = answer.Credentials?.AccessKeyId
    const info = await client(user).send(new GetAccessKeyInfoCommand({ AccessKeyId }))
    assert.equal(info.Account, testAccount)
    const { Credentials } = await client(user).send(new GetSessionTokenCommand({}))
    const again = client(keys(Credentials)).send(new GetSessionTokenCommand({}))
    assert.equal(await nameOf(again), 'AccessDenied 403')
  })
})
