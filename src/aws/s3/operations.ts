/** Every operation of S3's model: served, or known and refused with 501. A forgotten one does not compile. */
import type { S3Operation } from './operation.ts'
import type { OperationName } from './operation-names.gen.ts'
import { abortMultipartUpload } from './operations/abort-multipart-upload.ts'
import {
  getBucketAccelerateConfiguration,
  putBucketAccelerateConfiguration,
} from './operations/bucket-accelerate.ts'
import { getBucketAcl, putBucketAcl } from './operations/bucket-acl.ts'
import { deleteBucketCors, getBucketCors, putBucketCors } from './operations/bucket-cors.ts'
import {
  deleteBucketEncryption,
  getBucketEncryption,
  putBucketEncryption,
} from './operations/bucket-encryption.ts'
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from './operations/bucket-lifecycle.ts'
import { getBucketLogging, putBucketLogging } from './operations/bucket-logging.ts'
import {
  getBucketNotificationConfiguration,
  putBucketNotificationConfiguration,
} from './operations/bucket-notification.ts'
import {
  deleteBucketOwnershipControls,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
} from './operations/bucket-ownership-controls.ts'
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './operations/bucket-policy.ts'
import {
  deleteBucketReplication,
  getBucketReplication,
  putBucketReplication,
} from './operations/bucket-replication.ts'
import {
  getBucketRequestPayment,
  putBucketRequestPayment,
} from './operations/bucket-request-payment.ts'
import {
  deleteBucketTagging,
  getBucketTagging,
  putBucketTagging,
} from './operations/bucket-tagging.ts'
import { getBucketVersioning, putBucketVersioning } from './operations/bucket-versioning.ts'
import {
  deleteBucketWebsite,
  getBucketWebsite,
  putBucketWebsite,
} from './operations/bucket-website.ts'
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts'
import { copyObject } from './operations/copy-object.ts'
import { createBucket } from './operations/create-bucket.ts'
import { createMultipartUpload } from './operations/create-multipart-upload.ts'
import { deleteBucket } from './operations/delete-bucket.ts'
import { deleteObject } from './operations/delete-object.ts'
import { deleteObjects } from './operations/delete-objects.ts'
import { getBucketLocation } from './operations/get-bucket-location.ts'
import { getObject } from './operations/get-object.ts'
import { getObjectAttributes } from './operations/get-object-attributes.ts'
import { headBucket } from './operations/head-bucket.ts'
import { headObject } from './operations/head-object.ts'
import { listBuckets } from './operations/list-buckets.ts'
import { listMultipartUploads } from './operations/list-multipart-uploads.ts'
import { listObjectVersions } from './operations/list-object-versions.ts'
import { listObjects } from './operations/list-objects.ts'
import { listObjectsV2 } from './operations/list-objects-v2.ts'
import { listParts } from './operations/list-parts.ts'
import { getObjectAcl, putObjectAcl } from './operations/object-acl.ts'
import { getObjectLegalHold, putObjectLegalHold } from './operations/object-legal-hold.ts'
import {
  getObjectLockConfiguration,
  putObjectLockConfiguration,
} from './operations/object-lock-configuration.ts'
import { getObjectRetention, putObjectRetention } from './operations/object-retention.ts'
import {
  deleteObjectTagging,
  getObjectTagging,
  putObjectTagging,
} from './operations/object-tagging.ts'
import {
  deletePublicAccessBlock,
  getPublicAccessBlock,
  putPublicAccessBlock,
} from './operations/public-access-block.ts'
import { putObject } from './operations/put-object.ts'
import { uploadPart } from './operations/upload-part.ts'
import { uploadPartCopy } from './operations/upload-part-copy.ts'

export const operations: Readonly<Record<OperationName, S3Operation | 'not-implemented'>> = {
  AbortMultipartUpload: abortMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  CopyObject: copyObject,
  CreateBucket: createBucket,
  CreateBucketMetadataConfiguration: 'not-implemented',
  CreateBucketMetadataTableConfiguration: 'not-implemented',
  CreateMultipartUpload: createMultipartUpload,
  CreateSession: 'not-implemented',
  DeleteBucket: deleteBucket,
  DeleteBucketAnalyticsConfiguration: 'not-implemented',
  DeleteBucketCors: deleteBucketCors,
  DeleteBucketEncryption: deleteBucketEncryption,
  DeleteBucketIntelligentTieringConfiguration: 'not-implemented',
  DeleteBucketInventoryConfiguration: 'not-implemented',
  DeleteBucketLifecycle: deleteBucketLifecycle,
  DeleteBucketMetadataConfiguration: 'not-implemented',
  DeleteBucketMetadataTableConfiguration: 'not-implemented',
  DeleteBucketMetricsConfiguration: 'not-implemented',
  DeleteBucketOwnershipControls: deleteBucketOwnershipControls,
  DeleteBucketPolicy: deleteBucketPolicy,
  DeleteBucketReplication: deleteBucketReplication,
  DeleteBucketTagging: deleteBucketTagging,
  DeleteBucketWebsite: deleteBucketWebsite,
  DeleteObject: deleteObject,
  DeleteObjectAnnotation: 'not-implemented',
  DeleteObjectTagging: deleteObjectTagging,
  DeleteObjects: deleteObjects,
  DeletePublicAccessBlock: deletePublicAccessBlock,
  GetBucketAbac: 'not-implemented',
  GetBucketAccelerateConfiguration: getBucketAccelerateConfiguration,
  GetBucketAcl: getBucketAcl,
  GetBucketAnalyticsConfiguration: 'not-implemented',
  GetBucketCors: getBucketCors,
  GetBucketEncryption: getBucketEncryption,
  GetBucketIntelligentTieringConfiguration: 'not-implemented',
  GetBucketInventoryConfiguration: 'not-implemented',
  GetBucketLifecycleConfiguration: getBucketLifecycleConfiguration,
  GetBucketLocation: getBucketLocation,
  GetBucketLogging: getBucketLogging,
  GetBucketMetadataConfiguration: 'not-implemented',
  GetBucketMetadataTableConfiguration: 'not-implemented',
  GetBucketMetricsConfiguration: 'not-implemented',
  GetBucketNotificationConfiguration: getBucketNotificationConfiguration,
  GetBucketOwnershipControls: getBucketOwnershipControls,
  GetBucketPolicy: getBucketPolicy,
  GetBucketPolicyStatus: getBucketPolicyStatus,
  GetBucketReplication: getBucketReplication,
  GetBucketRequestPayment: getBucketRequestPayment,
  GetBucketTagging: getBucketTagging,
  GetBucketVersioning: getBucketVersioning,
  GetBucketWebsite: getBucketWebsite,
  GetObject: getObject,
  GetObjectAcl: getObjectAcl,
  GetObjectAnnotation: 'not-implemented',
  GetObjectAttributes: getObjectAttributes,
  GetObjectLegalHold: getObjectLegalHold,
  GetObjectLockConfiguration: getObjectLockConfiguration,
  GetObjectRetention: getObjectRetention,
  GetObjectTagging: getObjectTagging,
  GetObjectTorrent: 'not-implemented',
  GetPublicAccessBlock: getPublicAccessBlock,
  HeadBucket: headBucket,
  HeadObject: headObject,
  ListBucketAnalyticsConfigurations: 'not-implemented',
  ListBucketIntelligentTieringConfigurations: 'not-implemented',
  ListBucketInventoryConfigurations: 'not-implemented',
  ListBucketMetricsConfigurations: 'not-implemented',
  ListBuckets: listBuckets,
  ListDirectoryBuckets: 'not-implemented',
  ListMultipartUploads: listMultipartUploads,
  ListObjectAnnotations: 'not-implemented',
  ListObjectVersions: listObjectVersions,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListParts: listParts,
  PutBucketAbac: 'not-implemented',
  PutBucketAccelerateConfiguration: putBucketAccelerateConfiguration,
  PutBucketAcl: putBucketAcl,
  PutBucketAnalyticsConfiguration: 'not-implemented',
  PutBucketCors: putBucketCors,
  PutBucketEncryption: putBucketEncryption,
  PutBucketIntelligentTieringConfiguration: 'not-implemented',
  PutBucketInventoryConfiguration: 'not-implemented',
  PutBucketLifecycleConfiguration: putBucketLifecycleConfiguration,
  PutBucketLogging: putBucketLogging,
  PutBucketMetricsConfiguration: 'not-implemented',
  PutBucketNotificationConfiguration: putBucketNotificationConfiguration,
  PutBucketOwnershipControls: putBucketOwnershipControls,
  PutBucketPolicy: putBucketPolicy,
  PutBucketReplication: putBucketReplication,
  PutBucketRequestPayment: putBucketRequestPayment,
  PutBucketTagging: putBucketTagging,
  PutBucketVersioning: putBucketVersioning,
  PutBucketWebsite: putBucketWebsite,
  PutObject: putObject,
  PutObjectAcl: putObjectAcl,
  PutObjectAnnotation: 'not-implemented',
  PutObjectLegalHold: putObjectLegalHold,
  PutObjectLockConfiguration: putObjectLockConfiguration,
  PutObjectRetention: putObjectRetention,
  PutObjectTagging: putObjectTagging,
  PutPublicAccessBlock: putPublicAccessBlock,
  RenameObject: 'not-implemented',
  RestoreObject: 'not-implemented',
  SelectObjectContent: 'not-implemented',
  UpdateBucketMetadataAnnotationTableConfiguration: 'not-implemented',
  UpdateBucketMetadataInventoryTableConfiguration: 'not-implemented',
  UpdateBucketMetadataJournalTableConfiguration: 'not-implemented',
  UpdateObjectEncryption: 'not-implemented',
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  WriteGetObjectResponse: 'not-implemented',
}
