/**
 * The API model of EKS Auth, which has one operation. Written by hand after the API reference (version 2023-11-26): there
 * is no package that it could be made from as those in `data/models` are.
 */
import type { Member, ServiceModel, Shape } from '../protocol/model.ts'

const string: Member = { shape: 'String' }

function structure(members: Readonly<Record<string, Member>>, required: readonly string[]): Shape {
  return { kind: 'structure', members, required }
}

export const model: ServiceModel = {
  service: 'eks-auth',
  protocol: 'rest-json',
  version: '2023-11-26',
  source: 'by hand, after the API reference',
  operations: {
    AssumeRoleForPodIdentity: {
      input: 'AssumeRoleForPodIdentityRequest',
      output: 'AssumeRoleForPodIdentityResponse',
      http: {
        method: 'POST',
        uri: '/clusters/{clusterName}/assume-role-for-pod-identity',
        status: 200,
      },
    },
  },
  shapes: {
    String: { kind: 'string' },
    Timestamp: { kind: 'timestamp', format: 'epoch-seconds' },
    AssumeRoleForPodIdentityRequest: structure(
      { clusterName: { ...string, in: 'path' }, token: { ...string, sensitive: true } },
      ['clusterName', 'token'],
    ),
    AssumeRoleForPodIdentityResponse: structure(
      {
        subject: { shape: 'Subject' },
        audience: string,
        podIdentityAssociation: { shape: 'PodIdentityAssociation' },
        assumedRoleUser: { shape: 'AssumedRoleUser' },
        credentials: { shape: 'Credentials', sensitive: true },
      },
      ['subject', 'audience', 'podIdentityAssociation', 'assumedRoleUser', 'credentials'],
    ),
    Subject: structure({ namespace: string, serviceAccount: string }, []),
    PodIdentityAssociation: structure({ associationArn: string, associationId: string }, []),
    AssumedRoleUser: structure({ arn: string, assumeRoleId: string }, []),
    Credentials: structure(
      {
        sessionToken: { ...string, sensitive: true },
        secretAccessKey: { ...string, sensitive: true },
        accessKeyId: string,
        expiration: { shape: 'Timestamp' },
      },
      [],
    ),
  },
  errors: {
    AccessDeniedException: { status: 400, fault: 'client' },
    ExpiredTokenException: { status: 400, fault: 'client' },
    InternalServerException: { status: 500, fault: 'server' },
    InvalidParameterException: { status: 400, fault: 'client' },
    InvalidRequestException: { status: 400, fault: 'client' },
    InvalidTokenException: { status: 400, fault: 'client' },
    ResourceNotFoundException: { status: 404, fault: 'client' },
    ServiceUnavailableException: { status: 503, fault: 'server' },
    ThrottlingException: { status: 429, fault: 'client' },
  },
}
