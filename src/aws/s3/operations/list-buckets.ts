import type { S3Operation } from '../operation.ts'
import { ownerContent } from '../owner.ts'
import { wholeNumber } from '../parameters.ts'
import { invalidArgument } from '../refusals.ts'
import { element, isoTime, leaf, xmlDocument } from '../xml.ts'

/** Lists the buckets of the caller's account, in order of their names. */
export const listBuckets: S3Operation = {
  name: 'ListBuckets',
  access: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
  handle({ query }, call, { storage }) {
    const limit = wholeNumber(query.get('max-buckets'), 'max-buckets', 10_000, 10_000)
    const prefix = query.get('prefix') ?? ''
    const region = query.get('bucket-region')
    const after = readToken(query.get('continuation-token'))
    const all = storage.buckets
      .list(call.account)
      .filter(
        (bucket) =>
          bucket.name.startsWith(prefix) &&
          bucket.name > after &&
          (!region || bucket.region === region),
      )
    const page = all.slice(0, limit)
    const buckets = page.map((bucket) =>
      element(
        'Bucket',
        leaf('Name', bucket.name) +
          leaf('CreationDate', isoTime(bucket.createdAt)) +
          leaf('BucketRegion', bucket.region) +
          leaf('BucketArn', `arn:aws:s3:::${bucket.name}`),
      ),
    )
    const last = all.length > page.length ? page.at(-1) : undefined
    const body =
      element('Owner', ownerContent(call.account)) +
      element('Buckets', buckets.join('')) +
      leaf('ContinuationToken', last && Buffer.from(last.name).toString('base64url')) +
      leaf('Prefix', prefix === '' ? undefined : prefix)
    return { body: xmlDocument('ListAllMyBucketsResult', body) }
  },
}

function readToken(token: string | undefined): string {
  if (token === undefined || token === '') return ''
  const name = Buffer.from(token, 'base64url').toString('utf8')
  if (Buffer.from(name).toString('base64url') === token) return name
  const message = 'The continuation token provided is incorrect'
  throw invalidArgument(message, 'continuation-token', token)
}
