/** S3 with the clients that people use: the aws command, the SDK for JavaScript, boto3; over HTTP and over HTTPS. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { administrator, testRegion } from '../src/aws/gateway/testing.ts'
import { startTestS3, type TestS3 } from '../src/aws/s3/testing.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { createCertificateAuthority } from '../src/x509/authority.ts'

const run = promisify(execFile)
const ends: (() => unknown)[] = []
let s3: TestS3
let folder: string
let ca: string
let secure: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podpass-s3-clients-'))
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const authority = await createCertificateAuthority({ commonName: 'test', clock })
  ca = join(folder, 'ca.pem')
  await writeFile(ca, authority.certPem)
  const tls = await authority.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
  s3 = await startTestS3({ after: (end) => ends.push(end as () => unknown) }, { tls })
  secure = `https://127.0.0.1:${s3.port}`
})
after(async () => {
  for (const end of ends) await end()
  await rm(folder, { recursive: true, force: true })
})

async function aws(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await s3.aws(args)
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
  return stdout
}

test('the aws command makes, fills, syncs, moves, signs and removes over HTTP', async () => {
  await aws('s3', 'mb', 's3://cli')
  const files = join(folder, 'files')
  await mkdir(join(files, 'sub', 'ü'), { recursive: true })
  const large = randomBytes(20 * 1024 * 1024 + 7)
  await writeFile(join(files, 'large.bin'), large)
  await writeFile(join(files, 'sub', 'ü', 'x y+z.txt'), 'unicode')
  for (const name of ['large.bin', 'sub/ü/x y+z.txt']) await utimes(join(files, name), 1, 1)
  const synced = await aws('s3', 'sync', files, 's3://cli/to', '--no-progress')
  assert.equal(synced.match(/^upload:/gm)?.length, 2)
  assert.equal(await aws('s3', 'sync', files, 's3://cli/to', '--no-progress'), '', 'all is there')
  await aws('s3', 'cp', 's3://cli/to/large.bin', 's3://cli/copy', '--no-progress')
  await aws('s3', 'cp', 's3://cli/copy', join(folder, 'back'), '--no-progress')
  assert.deepEqual(await readFile(join(folder, 'back')), large)
  await aws('s3', 'mv', 's3://cli/to/sub/ü/x y+z.txt', 's3://cli//twice//slashed', '--no-progress')
  assert.match(await aws('s3', 'ls', 's3://cli', '--recursive'), / 7 \/twice\/\/slashed$/m)
  assert.match(await aws('s3', 'ls', 's3://cli/'), /PRE to\/$/m)
  const url = (await aws('s3', 'presign', 's3://cli//twice//slashed')).trim()
  assert.equal(await (await fetch(url)).text(), 'unicode')
  await aws('s3', 'rm', 's3://cli', '--recursive')
  await aws('s3', 'rb', 's3://cli')
  const gone = await s3.aws(['s3', 'ls', 's3://cli'])
  assert.match(gone.stderr, /NoSuchBucket.*The specified bucket does not exist/)
})

test('the aws command sends trailers over HTTPS', async () => {
  const over = ['--endpoint-url', secure, '--ca-bundle', ca]
  await aws('s3', 'mb', 's3://cli-tls', ...over)
  const body = randomBytes(9 * 1024 * 1024)
  await writeFile(join(folder, 'nine'), body)
  await aws('s3', 'cp', join(folder, 'nine'), 's3://cli-tls/nine', '--no-progress', ...over)
  await aws('s3', 'cp', 's3://cli-tls/nine', join(folder, 'nine-back'), '--no-progress', ...over)
  assert.deepEqual(await readFile(join(folder, 'nine-back')), body)
  await writeFile(join(folder, 'small'), 'abc')
  await aws('s3', 'cp', join(folder, 'small'), 's3://cli-tls/small', '--no-progress', ...over)
  assert.equal(await aws('s3', 'cp', 's3://cli-tls/small', '-', ...over), 'abc')
})

for (const scheme of ['http', 'https']) {
  test(`the SDK for JavaScript puts strings and streams over ${scheme}`, async () => {
    const client = new S3Client({
      endpoint: scheme === 'http' ? s3.endpoint : secure,
      region: testRegion,
      credentials: { ...administrator },
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: { httpsAgent: new Agent({ ca: await readFile(ca) }) },
    })
    const Bucket = `js-${scheme}`
    await client.send(new CreateBucketCommand({ Bucket }))
    const Metadata = { colour: 'blue' }
    const put = new PutObjectCommand({ Bucket, Key: 'string', Body: 'text', Metadata })
    assert.ok((await client.send(put)).ChecksumCRC32)
    const bytes = randomBytes(3_000_000)
    const Body = Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)])
    const ContentLength = bytes.length
    await client.send(new PutObjectCommand({ Bucket, Key: 'ü//stream', Body, ContentLength }))
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'ü//stream' }))
    assert.deepEqual(Buffer.from((await got.Body?.transformToByteArray()) ?? []), bytes)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'string' }))
    assert.deepEqual([head.Metadata, head.ContentLength], [Metadata, 4])
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      ['string', 'ü//stream'],
    )
    await assert.rejects(client.send(new GetObjectCommand({ Bucket, Key: 'no' })), NoSuchKey)
    const Objects = Contents.map(({ Key = '' }) => ({ Key }))
    const removed = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    assert.equal(removed.Deleted?.length, 2)
    client.destroy()
  })
}

for (const scheme of ['http', 'https']) {
  test(`boto3 works as it comes over ${scheme}`, async (t) => {
    const python = process.env['PODPASS_TEST_PYTHON']
    if (!python) return t.skip('boto3 is not to be had here')
    const script = fileURLToPath(new URL('support/s3-boto3.py', import.meta.url))
    const args = scheme === 'http' ? [script, s3.endpoint, ''] : [script, secure, ca]
    const { stdout } = await run(python, args, { env: s3.environment() })
    const { keys, tags, parts, ...seen } = JSON.parse(stdout)
    assert.deepEqual(keys, ['/lead', '100%', 'a b+c', 'dir/', 'ü///x'])
    assert.deepEqual([tags, parts], [[{ Key: 'a', Value: 'b' }], 2])
    const byUrl = { 'get s3': 'a b+c', 'get s3v4': 'a b+c', 'put s3': 200, 'put s3v4': 200 }
    assert.deepEqual(seen, {
      bodies: true,
      large: true,
      missing: 'NoSuchKey',
      exists: 'PreconditionFailed',
      ...(scheme === 'http' && byUrl),
    })
  })
}
