/** The AWS command line's everyday commands on the AWS SDK for JavaScript, with its output and its exit codes. */
import { createReadStream, createWriteStream, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import type { CliContext } from '../context.ts'
import { assumeRole, databaseToken } from './aws-identity.ts'

/** Exit codes of the AWS command line: 0 done, 1 some transfer failed, 252 wrong usage, 253 no credentials, 254 the service refused. */
const exits = { done: 0, failed: 1, usage: 252, noCredentials: 253, refused: 254 } as const

interface Session {
  readonly context: CliContext
  readonly region: string
  s3(): Promise<S3Client>
}

type Handler = (session: Session, args: readonly string[]) => Promise<number>

const commands: Readonly<Record<string, Handler>> = {
  's3 ls': list,
  's3 mb': makeBucket,
  's3 cp': copy,
  's3 rm': remove,
  's3api list-buckets': listBuckets,
  'sts get-caller-identity': callerIdentity,
  'sts assume-role': assumeRole,
  'rds generate-db-auth-token': databaseToken,
}

/** Runs `aws <words>`; answers the exit code. */
export async function runAws(context: CliContext, words: readonly string[]): Promise<number> {
  const [service = '', command = '', ...rest] = words.filter((word) => word !== '--no-cli-pager')
  const handler = commands[`${service} ${command}`]
  if (!handler) {
    context.stderr.write(
      `aws: error: this stand-in does not know \`${[service, command].join(' ').trim()}\`; it knows:\n`,
    )
    for (const known of Object.keys(commands)) context.stderr.write(`  aws ${known}\n`)
    context.stderr.write('install the AWS command line for the rest\n')
    return exits.usage
  }
  const { environment } = context
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1'
  const session: Session = {
    context,
    region,
    s3: async () => {
      const { S3Client } = await import('@aws-sdk/client-s3')
      return new S3Client({ region, forcePathStyle: true, maxAttempts: 2 })
    },
  }
  try {
    return await handler(session, rest)
  } catch (error) {
    return report(context, error)
  }
}

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly operation?: string
}

function report(context: CliContext, error: unknown): number {
  if (!(error instanceof Error)) throw error
  const { $metadata, operation } = error as ServiceError
  if (error.name === 'CredentialsProviderError') {
    context.stderr.write(
      '\nUnable to locate credentials. You can configure credentials by running "aws configure".\n',
    )
    return exits.noCredentials
  }
  if ($metadata?.httpStatusCode) {
    context.stderr.write(
      `\nAn error occurred (${error.name}) when calling the ${operation ?? 'requested'} operation: ${error.message}\n`,
    )
    return exits.refused
  }
  context.stderr.write(`\n${error.message}\n`)
  return exits.failed
}

/** Names the operation in a refusal, as the command line does. */
async function calling<T>(operation: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && !('operation' in error)) Object.assign(error, { operation })
    throw error
  }
}

async function list(session: Session, args: readonly string[]): Promise<number> {
  const client = await session.s3()
  const { ListBucketsCommand, paginateListObjectsV2 } = await import('@aws-sdk/client-s3')
  const target = args.find((arg) => !arg.startsWith('--'))
  if (!target) {
    const { Buckets = [] } = await calling('ListBuckets', client.send(new ListBucketsCommand({})))
    for (const { CreationDate, Name } of Buckets) {
      session.context.stdout.write(`${localTime(CreationDate)} ${Name}\n`)
    }
    return exits.done
  }
  const { bucket, key } = place(target)
  const recursive = args.includes('--recursive')
  let count = 0
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: key, ...(!recursive && { Delimiter: '/' }) },
  )
  for (;;) {
    const { value: page, done } = await calling('ListObjectsV2', pages.next())
    if (done || !page) break
    for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
      count++
      session.context.stdout.write(`${' '.repeat(27)}PRE ${lastPart(Prefix)}\n`)
    }
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      count++
      const name = recursive ? Key : lastPart(Key)
      session.context.stdout.write(
        `${localTime(LastModified)} ${String(Size).padStart(10)} ${name}\n`,
      )
    }
  }
  return count === 0 && key !== '' ? exits.failed : exits.done
}

async function makeBucket(session: Session, [target = '']: readonly string[]): Promise<number> {
  const { bucket } = place(target)
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3')
  const client = await session.s3()
  const elsewhere = session.region !== 'us-east-1'
  const command = new CreateBucketCommand({
    Bucket: bucket,
    ...(elsewhere && {
      CreateBucketConfiguration: { LocationConstraint: session.region as 'ap-northeast-1' },
    }),
  })
  try {
    await calling('CreateBucket', client.send(command))
  } catch (error) {
    session.context.stderr.write(`make_bucket failed: s3://${bucket} `)
    report(session.context, error)
    return exits.failed
  }
  session.context.stdout.write(`make_bucket: ${bucket}\n`)
  return exits.done
}

async function copy(session: Session, [from = '', to = '']: readonly string[]): Promise<number> {
  const client = await session.s3()
  const s3 = await import('@aws-sdk/client-s3')
  const say = (verb: string, end: string) =>
    session.context.stdout.write(`${verb}: ${from} to ${end}\n`)
  if (isRemote(from) && isRemote(to)) {
    const source = place(from)
    const target = placeFor(to, basename(source.key))
    await calling(
      'CopyObject',
      client.send(
        new s3.CopyObjectCommand({
          Bucket: target.bucket,
          Key: target.key,
          CopySource: `${source.bucket}/${encodeURIComponent(source.key)}`,
        }),
      ),
    )
    say('copy', `s3://${target.bucket}/${target.key}`)
  } else if (isRemote(to)) {
    const target = placeFor(to, basename(from))
    const Body = from === '-' ? await allOf(process.stdin) : createReadStream(from)
    const ContentLength = Buffer.isBuffer(Body) ? Body.length : statSync(from).size
    await calling(
      'PutObject',
      client.send(
        new s3.PutObjectCommand({ Bucket: target.bucket, Key: target.key, Body, ContentLength }),
      ),
    )
    say('upload', `s3://${target.bucket}/${target.key}`)
  } else if (isRemote(from)) {
    const { bucket, key } = place(from)
    const { Body } = await calling(
      'GetObject',
      client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key })),
    )
    if (to === '-') {
      for await (const chunk of Body as Readable) session.context.stdout.write(String(chunk))
      return exits.done
    }
    const file = to.endsWith('/') || to === '.' ? join(to, basename(key)) : to
    await pipeline(Body as Readable, createWriteStream(file))
    say('download', file)
  } else {
    session.context.stderr.write('aws: error: one of the two must be an s3:// address\n')
    return exits.usage
  }
  return exits.done
}

async function remove(session: Session, [target = '']: readonly string[]): Promise<number> {
  const { bucket, key } = place(target)
  const { DeleteObjectCommand } = await import('@aws-sdk/client-s3')
  const client = await session.s3()
  await calling('DeleteObject', client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })))
  session.context.stdout.write(`delete: s3://${bucket}/${key}\n`)
  return exits.done
}

async function listBuckets(session: Session): Promise<number> {
  const client = await session.s3()
  const { ListBucketsCommand } = await import('@aws-sdk/client-s3')
  const { Buckets, Owner } = await calling('ListBuckets', client.send(new ListBucketsCommand({})))
  session.context.stdout.write(`${JSON.stringify({ Buckets, Owner }, null, 4)}\n`)
  return exits.done
}

async function callerIdentity(session: Session): Promise<number> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts')
  const client = new STSClient({ region: session.region, maxAttempts: 2 })
  const { UserId, Account, Arn } = await calling(
    'GetCallerIdentity',
    client.send(new GetCallerIdentityCommand({})),
  )
  session.context.stdout.write(`${JSON.stringify({ UserId, Account, Arn }, null, 4)}\n`)
  return exits.done
}

function isRemote(text: string): boolean {
  return text.startsWith('s3://')
}

function place(text: string): { bucket: string; key: string } {
  const path = text.replace(/^s3:\/\//, '')
  const slash = path.indexOf('/')
  return slash < 0
    ? { bucket: path, key: '' }
    : { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

function placeFor(text: string, name: string): { bucket: string; key: string } {
  const { bucket, key } = place(text)
  return { bucket, key: key === '' || key.endsWith('/') ? `${key}${name}` : key }
}

function lastPart(key: string): string {
  return key.replace(/^.*\/(?=[^/]+\/?$)/, '')
}

function localTime(date: Date | undefined): string {
  if (!date) return ' '.repeat(19)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

async function allOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
