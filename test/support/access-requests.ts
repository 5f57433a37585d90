/** A complete request for every operation, made from the API models: what the access tables send. */
import { hash } from 'node:crypto'
import {
  type Member,
  type ServiceModel,
  type StructureShape,
  shapeOf,
  structureOf,
} from '../../src/aws/protocol/model.ts'

export interface OperationRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const account = '111122223333'
/** Of the one instance that there is. */
export const instanceId = 'i-00000000000000001'
/** Of the one secret. */
export const secretName = 'rds!cluster-entity'
const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`
const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement })
const trust = document({
  Effect: 'Allow',
  Principal: { AWS: arn('root') },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
})

/** As long as IAM wants it. */
const samlMetadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example"><!-- ${'x'.repeat(1000)} --></EntityDescriptor>`

/** By `Operation.Member` or by `Member`: the values of required members. They name what the tables' world holds. */
const values: Readonly<Record<string, unknown>> = {
  // IAM
  'AddClientIDToOpenIDConnectProvider.ClientID': 'another',
  'RemoveClientIDFromOpenIDConnectProvider.ClientID': 'another',
  'CreatePolicy.PolicyName': 'fresh',
  'CreateRole.RoleName': 'fresh',
  'CreateUser.UserName': 'fresh',
  'CreateGroup.GroupName': 'fresh',
  'CreateInstanceProfile.InstanceProfileName': 'fresh',
  'DeleteServiceLinkedRole.RoleName': 'AWSServiceRoleForAmazonEKS',
  'PutRolePermissionsBoundary.PermissionsBoundary': arn('policy/entity'),
  'PutUserPermissionsBoundary.PermissionsBoundary': arn('policy/entity'),
  'UpdateAssumeRolePolicy.PolicyDocument': trust,
  OpenIDConnectProviderArn: arn('oidc-provider/oidc.example'),
  InstanceProfileName: 'entity',
  RoleName: 'entity',
  GroupName: 'entity',
  UserName: 'entity',
  PolicyArn: arn('policy/entity'),
  AccountAlias: 'podpass-alias',
  Url: 'https://oidc.example/fresh',
  ThumbprintList: ['a'.repeat(40)],
  PolicyName: 'inline',
  PolicyDocument: document(statement),
  AssumeRolePolicyDocument: trust,
  AWSServiceName: 'eks.amazonaws.com',
  AccessKeyId: 'AKIAQAAAAAAAAAAAAAAA',
  VersionId: 'v1',
  PolicyInputList: [document(statement)],
  PolicySourceArn: arn('role/entity'),
  DeletionTaskId: 'task/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS/1',
  ActionNames: ['s3:GetObject'],
  Tags: [{ Key: 'team', Value: 'blue' }],
  TagKeys: ['team'],
  Status: 'Inactive',
  Description: 'described',
  Arn: arn('role/entity'),
  JobId: '00000000-0000-0000-0000-000000000000',
  'CreateSAMLProvider.Name': 'fresh',
  'CreateVirtualMFADevice.VirtualMFADeviceName': 'fresh',
  'UploadServerCertificate.ServerCertificateName': 'fresh',
  SAMLMetadataDocument: samlMetadata,
  SAMLProviderArn: arn('saml-provider/entity'),
  SerialNumber: arn('mfa/entity'),
  AuthenticationCode1: '123456',
  AuthenticationCode2: '654321',
  ServerCertificateName: 'entity',
  CertificateBody: 'no certificate',
  PrivateKey: 'no key',
  CertificateId: 'A'.repeat(32),
  SSHPublicKeyBody: 'no key',
  SSHPublicKeyId: 'APKAAAAAAAAAAAAAAAAA',
  Encoding: 'SSH',
  ServiceName: 'codecommit.amazonaws.com',
  ServiceSpecificCredentialId: 'ACCAAAAAAAAAAAAAAAAAA',
  Password: 'Long-enough-1',
  OldPassword: 'Long-enough-1',
  NewPassword: 'Long-enough-2',
  EntityPath: 'o-a1b2c3d4e5/r-f6g7',
  ServiceNamespace: 'iam',
  ServiceNamespaces: ['iam'],
  GlobalEndpointTokenVersion: 'v2Token',
  // STS
  RoleArn: arn('role/entity'),
  RoleSessionName: 'session',
  WebIdentityToken: 'a.b.c',
  EncodedMessage: 'AAAA',
  Name: 'federated',
  Audience: ['api.example.com'],
  SigningAlgorithm: 'ES384',
  // Secrets Manager
  SecretId: secretName,
  // EKS
  'CreateCluster.name': 'fresh',
  'CreateNodegroup.nodegroupName': 'fresh',
  'CreateAccessEntry.principalArn': arn('role/fresh'),
  name: 'demo',
  clusterName: 'demo',
  roleArn: arn('role/entity'),
  nodeRole: arn('role/node'),
  resourcesVpcConfig: { subnetIds: ['subnet-1'] },
  nodegroupName: 'ng',
  subnets: ['subnet-1'],
  principalArn: arn('role/entity'),
  policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy',
  accessScope: { type: 'cluster' },
  podExecutionRoleArn: arn('role/entity'),
  addonName: 'vpc-cni',
  encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: 'arn:aws:kms:::key/k' } }],
  'UpdateClusterVersion.version': '1.33',
  updateId: '00000000-0000-0000-0000-000000000000',
  resourceArn: `arn:aws:eks:ap-northeast-1:${account}:cluster/demo`,
  tags: { team: 'blue' },
  tagKeys: ['team'],
  // EKS Auth
  token: 'a.b.c',
  // RDS
  'CreateDBCluster.DBClusterIdentifier': 'fresh',
  'CreateDBInstance.DBInstanceIdentifier': 'fresh',
  'AddTagsToResource.Tags': [{ Key: 'team', Value: 'blue' }],
  'DescribeDBClusterParameters.DBClusterParameterGroupName': 'default.aurora-postgresql15',
  Parameters: [{ ParameterName: 'log_statement', ParameterValue: 'all', ApplyMethod: 'immediate' }],
  MasterUserPassword: 'long-enough',
  MasterUsername: 'podpass',
  DBClusterIdentifier: 'entity',
  DBInstanceIdentifier: 'entity',
  DBInstanceClass: 'db.t3.medium',
  Engine: 'aurora-postgresql',
  DBParameterGroupFamily: 'aurora-postgresql15',
  ResourceName: `arn:aws:rds:ap-northeast-1:${account}:cluster:entity`,
  // EC2
  'CreateLaunchTemplate.LaunchTemplateName': 'fresh',
  LaunchTemplateName: 'entity',
  LaunchTemplateData: { MetadataOptions: { HttpTokens: 'required' } },
  InstanceId: instanceId,
  HttpTokens: 'required',
  // S3
  'CreateBucket.Bucket': 'fresh-bucket',
  Bucket: 'bucket',
  Key: 'key',
  UploadId: 'none',
  PartNumber: '1',
  CopySource: 'bucket/source',
  ObjectAttributes: 'ETag',
}

/** Members that are needed, where the model does not say so. */
const needed: Readonly<Record<string, readonly string[]>> = {
  CreateLoginProfile: ['UserName', 'Password'],
  CreateDBCluster: ['MasterUsername', 'MasterUserPassword'],
  CreateDBInstance: ['DBClusterIdentifier'],
  CreateLaunchTemplate: ['LaunchTemplateName', 'LaunchTemplateData'],
  DeleteDBCluster: ['SkipFinalSnapshot'],
  DeleteLaunchTemplate: ['LaunchTemplateName'],
  ModifyInstanceMetadataOptions: ['InstanceId', 'HttpTokens'],
  ResetDBClusterParameterGroup: ['ResetAllParameters'],
  ResetDBParameterGroup: ['ResetAllParameters'],
}

/** S3's bodies, without the namespace that nobody needs. */
const bodies: Readonly<Record<string, string>> = {
  CompleteMultipartUpload:
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"e"</ETag></Part></CompleteMultipartUpload>',
  DeleteObjects: '<Delete><Object><Key>gone</Key></Object></Delete>',
  PutBucketAccelerateConfiguration:
    '<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>',
  PutBucketCors:
    '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>',
  PutBucketEncryption:
    '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  PutBucketLifecycleConfiguration:
    '<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix>x</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  PutBucketLogging: '<BucketLoggingStatus/>',
  PutBucketNotificationConfiguration: '<NotificationConfiguration/>',
  PutBucketOwnershipControls:
    '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
  PutBucketPolicy: document({
    ...{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject' },
    Resource: 'arn:aws:s3:::bucket/nothing',
  }),
  PutBucketReplication:
    '<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/entity</Role><Rule><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::bucket</Bucket></Destination></Rule></ReplicationConfiguration>',
  PutBucketRequestPayment:
    '<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>',
  PutBucketTagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  PutBucketVersioning:
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  PutBucketWebsite:
    '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>',
  PutObject: 'content',
  PutObjectLegalHold: '<LegalHold><Status>OFF</Status></LegalHold>',
  PutObjectLockConfiguration:
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  PutObjectRetention:
    '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2100-01-01T00:00:00Z</RetainUntilDate></Retention>',
  PutObjectTagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  PutPublicAccessBlock:
    '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>',
  UploadPart: 'content',
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

/** The request of one operation in its service's protocol; `instead`: values by member name. */
export function requestFor(
  model: ServiceModel,
  operation: string,
  instead: Readonly<Record<string, unknown>> = {},
): OperationRequest {
  const { input } = model.operations[operation] ?? {}
  const shape: Pick<StructureShape, 'members' | 'required'> = input
    ? structureOf(model, input)
    : { members: {}, required: [] }
  const given = new Map<string, unknown>()
  for (const name of new Set([
    ...shape.required,
    ...(needed[operation] ?? []),
    ...Object.keys(instead),
  ])) {
    const member = shape.members[name]
    const known = instead[name] ?? values[`${operation}.${name}`] ?? values[name]
    const any = member && member.in !== 'payload' ? someValue(model, member) : undefined
    given.set(name, known ?? any)
  }
  switch (model.protocol) {
    case 'query': {
      const fields = new URLSearchParams({ Action: operation, Version: model.version })
      for (const [name, value] of given) {
        const member = shape.members[name]
        if (member) addMember(fields, model, member, member.wire ?? name, value)
      }
      return { method: 'POST', target: '/', headers: form, body: fields.toString() }
    }
    case 'json': {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${model.targetPrefix}.${operation}`,
      }
      return {
        method: 'POST',
        target: '/',
        headers,
        body: JSON.stringify(Object.fromEntries(given)),
      }
    }
    default:
      return restRequest(model, operation, given)
  }
}

/** A value of the right kind for a member that the tables' world says nothing of. */
function someValue(model: ServiceModel, { shape: name }: Member): unknown {
  const shape = shapeOf(model, name)
  switch (shape.kind) {
    case 'structure':
    case 'map':
      return {}
    case 'list':
      return [someValue(model, shape.of)]
    case 'string':
      return 'entity'
    case 'boolean':
      return true
    default:
      return 1
  }
}

function addMember(
  fields: URLSearchParams,
  model: ServiceModel,
  { shape: name, flat }: Member,
  path: string,
  value: unknown,
): void {
  const shape = shapeOf(model, name)
  if (shape.kind === 'list') {
    const items = flat ? path : `${path}.${shape.of.wire ?? 'member'}`
    for (const [index, item] of (value as unknown[]).entries())
      addMember(fields, model, shape.of, `${items}.${index + 1}`, item)
  } else if (shape.kind === 'structure') {
    for (const [key, item] of Object.entries(value as object)) {
      const member = shape.members[key]
      if (member) addMember(fields, model, member, `${path}.${member.wire ?? key}`, item)
    }
  } else fields.append(path, String(value))
}

/** Paths, queries, headers and body by the model; S3's bucket comes first in the path. */
function restRequest(
  model: ServiceModel,
  operation: string,
  given: ReadonlyMap<string, unknown>,
): OperationRequest {
  const { http, input } = model.operations[operation] ?? {}
  if (!http) throw new Error(`${operation} has no address`)
  const isXml = model.protocol === 'rest-xml'
  const members = input ? structureOf(model, input).members : {}
  const query: string[] = []
  const headers: Record<string, string> = {}
  const body: Record<string, unknown> = {}
  let target = http.uri
  for (const [name, value] of given) {
    const member = members[name]
    const wire = member?.wire ?? name
    if (member?.in === 'path') {
      target = target.replace(`{${wire}}`, encodeURIComponent(String(value)))
      target = target.replace(`{${wire}+}`, encodeURIComponent(String(value)))
    } else if (member?.in === 'query') {
      for (const item of [value].flat()) query.push(`${wire}=${encodeURIComponent(String(item))}`)
    } else if (member?.in === 'header') headers[wire.toLowerCase()] = String(value)
    else body[wire] = value
  }
  if (isXml && given.has('Bucket')) target = `/${String(given.get('Bucket'))}${target}`
  if (query.length > 0) target += `${target.includes('?') ? '&' : '?'}${query.join('&')}`
  const text = isXml
    ? (bodies[operation] ?? '')
    : Object.keys(body).length > 0
      ? JSON.stringify(body)
      : ''
  if (!isXml && text) headers['content-type'] = 'application/json'
  if (isXml && text) headers['content-md5'] = hash('md5', text, 'base64')
  return { method: http.method, target, headers, body: text }
}
