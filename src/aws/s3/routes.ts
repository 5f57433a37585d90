/** Which operation a request is for: method, level and sub-resource. */
import type { OperationName } from './operation-names.gen.ts'
import { methodNotAllowed } from './refusals.ts'
import { type Level, levelOf, type Target } from './request.ts'

type Routes = Readonly<Record<string, OperationName>>

/** By method and sub-resource; the empty one is the plain request. */
const service: Routes = { 'GET ': 'ListBuckets' }

const bucket: Routes = {
  'DELETE ': 'DeleteBucket',
  'DELETE analytics': 'DeleteBucketAnalyticsConfiguration',
  'DELETE cors': 'DeleteBucketCors',
  'DELETE encryption': 'DeleteBucketEncryption',
  'DELETE intelligent-tiering': 'DeleteBucketIntelligentTieringConfiguration',
  'DELETE inventory': 'DeleteBucketInventoryConfiguration',
  'DELETE lifecycle': 'DeleteBucketLifecycle',
  'DELETE metadataConfiguration': 'DeleteBucketMetadataConfiguration',
  'DELETE metadataTable': 'DeleteBucketMetadataTableConfiguration',
  'DELETE metrics': 'DeleteBucketMetricsConfiguration',
  'DELETE ownershipControls': 'DeleteBucketOwnershipControls',
  'DELETE policy': 'DeleteBucketPolicy',
  'DELETE publicAccessBlock': 'DeletePublicAccessBlock',
  'DELETE replication': 'DeleteBucketReplication',
  'DELETE tagging': 'DeleteBucketTagging',
  'DELETE website': 'DeleteBucketWebsite',
  'GET ': 'ListObjects',
  'GET abac': 'GetBucketAbac',
  'GET accelerate': 'GetBucketAccelerateConfiguration',
  'GET acl': 'GetBucketAcl',
  'GET analytics': 'ListBucketAnalyticsConfigurations',
  'GET analytics id': 'GetBucketAnalyticsConfiguration',
  'GET cors': 'GetBucketCors',
  'GET encryption': 'GetBucketEncryption',
  'GET intelligent-tiering': 'ListBucketIntelligentTieringConfigurations',
  'GET intelligent-tiering id': 'GetBucketIntelligentTieringConfiguration',
  'GET inventory': 'ListBucketInventoryConfigurations',
  'GET inventory id': 'GetBucketInventoryConfiguration',
  'GET lifecycle': 'GetBucketLifecycleConfiguration',
  'GET list-type': 'ListObjectsV2',
  'GET location': 'GetBucketLocation',
  'GET logging': 'GetBucketLogging',
  'GET metadataConfiguration': 'GetBucketMetadataConfiguration',
  'GET metadataTable': 'GetBucketMetadataTableConfiguration',
  'GET metrics': 'ListBucketMetricsConfigurations',
  'GET metrics id': 'GetBucketMetricsConfiguration',
  'GET notification': 'GetBucketNotificationConfiguration',
  'GET object-lock': 'GetObjectLockConfiguration',
  'GET ownershipControls': 'GetBucketOwnershipControls',
  'GET policy': 'GetBucketPolicy',
  'GET policyStatus': 'GetBucketPolicyStatus',
  'GET publicAccessBlock': 'GetPublicAccessBlock',
  'GET replication': 'GetBucketReplication',
  'GET requestPayment': 'GetBucketRequestPayment',
  'GET session': 'CreateSession',
  'GET tagging': 'GetBucketTagging',
  'GET uploads': 'ListMultipartUploads',
  'GET versioning': 'GetBucketVersioning',
  'GET versions': 'ListObjectVersions',
  'GET website': 'GetBucketWebsite',
  'HEAD ': 'HeadBucket',
  'POST delete': 'DeleteObjects',
  'POST metadataConfiguration': 'CreateBucketMetadataConfiguration',
  'POST metadataTable': 'CreateBucketMetadataTableConfiguration',
  'PUT ': 'CreateBucket',
  'PUT abac': 'PutBucketAbac',
  'PUT accelerate': 'PutBucketAccelerateConfiguration',
  'PUT acl': 'PutBucketAcl',
  'PUT analytics': 'PutBucketAnalyticsConfiguration',
  'PUT cors': 'PutBucketCors',
  'PUT encryption': 'PutBucketEncryption',
  'PUT intelligent-tiering': 'PutBucketIntelligentTieringConfiguration',
  'PUT inventory': 'PutBucketInventoryConfiguration',
  'PUT lifecycle': 'PutBucketLifecycleConfiguration',
  'PUT logging': 'PutBucketLogging',
  'PUT metadataAnnotationTable': 'UpdateBucketMetadataAnnotationTableConfiguration',
  'PUT metadataInventoryTable': 'UpdateBucketMetadataInventoryTableConfiguration',
  'PUT metadataJournalTable': 'UpdateBucketMetadataJournalTableConfiguration',
  'PUT metrics': 'PutBucketMetricsConfiguration',
  'PUT notification': 'PutBucketNotificationConfiguration',
  'PUT object-lock': 'PutObjectLockConfiguration',
  'PUT ownershipControls': 'PutBucketOwnershipControls',
  'PUT policy': 'PutBucketPolicy',
  'PUT publicAccessBlock': 'PutPublicAccessBlock',
  'PUT replication': 'PutBucketReplication',
  'PUT requestPayment': 'PutBucketRequestPayment',
  'PUT tagging': 'PutBucketTagging',
  'PUT versioning': 'PutBucketVersioning',
  'PUT website': 'PutBucketWebsite',
}

const object: Routes = {
  'DELETE ': 'DeleteObject',
  'DELETE annotation': 'DeleteObjectAnnotation',
  'DELETE tagging': 'DeleteObjectTagging',
  'DELETE uploadId': 'AbortMultipartUpload',
  'GET ': 'GetObject',
  'GET acl': 'GetObjectAcl',
  'GET annotation': 'GetObjectAnnotation',
  'GET attributes': 'GetObjectAttributes',
  'GET legal-hold': 'GetObjectLegalHold',
  'GET retention': 'GetObjectRetention',
  'GET tagging': 'GetObjectTagging',
  'GET torrent': 'GetObjectTorrent',
  'GET uploadId': 'ListParts',
  'HEAD ': 'HeadObject',
  'POST restore': 'RestoreObject',
  'POST select': 'SelectObjectContent',
  'POST uploadId': 'CompleteMultipartUpload',
  'POST uploads': 'CreateMultipartUpload',
  'PUT ': 'PutObject',
  'PUT copy': 'CopyObject',
  'PUT acl': 'PutObjectAcl',
  'PUT annotation': 'PutObjectAnnotation',
  'PUT encryption': 'UpdateObjectEncryption',
  'PUT legal-hold': 'PutObjectLegalHold',
  'PUT renameObject': 'RenameObject',
  'PUT retention': 'PutObjectRetention',
  'PUT tagging': 'PutObjectTagging',
  'PUT uploadId': 'UploadPart',
  'PUT uploadId copy': 'UploadPartCopy',
}

const levels: Readonly<Record<Level, Routes>> = { service, bucket, object }

/** Sub-resources of each level, out of the tables. */
const subresources: Readonly<Record<Level, ReadonlySet<string>>> = {
  service: new Set(),
  bucket: subresourcesOf(bucket),
  object: subresourcesOf(object),
}

/** Finds the operation's name. `isCopy`: the header `x-amz-copy-source` is there. Throws MethodNotAllowed. */
export function findOperation(method: string, target: Target, isCopy: boolean): OperationName {
  const level = levelOf(target)
  const routes = levels[level]
  const sub = subresourceOf(method, target, level)
  const detail =
    method === 'PUT' && level === 'object' && isCopy ? 'copy' : target.query.has('id') ? 'id' : ''
  const detailed = detail && routes[[method, sub, detail].filter((part) => part !== '').join(' ')]
  const name = detailed || routes[`${method} ${sub}`]
  if (name) return name
  const plain =
    sub === '' ? level.toUpperCase() : `${level}${sub.replaceAll('-', '')}`.toUpperCase()
  throw methodNotAllowed(method, plain)
}

/** Parameters that are no sub-resource (`x-id`, `prefix`) do not route. */
function subresourceOf(method: string, { query }: Target, level: Level): string {
  for (const name of query.keys()) {
    if (!subresources[level].has(name)) continue
    // Reads of a part (`partNumber`) and lists without `2` are plain requests.
    if (name === 'list-type' && query.get(name) !== '2') continue
    if (name === 'uploadId' && method === 'HEAD') continue
    return name
  }
  return ''
}

function subresourcesOf(routes: Routes): ReadonlySet<string> {
  const names = Object.keys(routes).map((route) => route.split(' ')[1] ?? '')
  return new Set(names.filter((name) => name !== '' && name !== 'copy'))
}
