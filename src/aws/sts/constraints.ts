/** The limits of STS's parameters, from its API model. */
import type { Constraint, Constraints } from '../protocol/constraints.ts'

const name: Constraint = { length: [2, 64], pattern: '[\\w+=,.@-]*' }
/** As AWS quotes it, which is no JavaScript. */
const textPattern =
  '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+'
const text = /^[\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u
const arn: Constraint = { length: [20, 2048], pattern: textPattern, matches: text }

export const constraints: Constraints = {
  RoleArn: arn,
  RoleSessionName: name,
  SourceIdentity: name,
  DurationSeconds: { range: [900, 43_200] },
  'GetSessionTokenRequest.DurationSeconds': { range: [900, 129_600] },
  'GetFederationTokenRequest.DurationSeconds': { range: [900, 129_600] },
  'GetFederationTokenRequest.Name': { length: [2, 32], pattern: '[\\w+=,.@-]*' },
  Audience: { length: [1, 10] },
  'StringList.member': { length: [1, 1000] },
  SigningAlgorithm: { oneOf: ['RS256', 'ES384'] },
  SubjectMode: { oneOf: ['AWSIdentity', 'OriginIdentity'] },
  'GetWebIdentityTokenRequest.DurationSeconds': { range: [60, 3600] },
  WebIdentityToken: { length: [4, 20_000] },
  ProviderId: { length: [4, 2048] },
  PolicyArns: { length: [0, 10] },
  'PolicyDescriptorType.arn': arn,
  Policy: {
    length: [1, 2048],
    pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
    matches: /^[\t\n\r\u0020-\u00ff]+$/u,
  },
  ExternalId: { length: [2, 1224], pattern: '[\\w+=,.@:\\/-]*' },
  SerialNumber: { length: [9, 256], pattern: '[\\w+=/:,.@-]*' },
  TokenCode: { length: [6, 6], pattern: '[\\d]*' },
  Tags: { length: [0, 50] },
  TransitiveTagKeys: { length: [0, 50] },
  'Tag.Key': { length: [1, 128], pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' },
  'Tag.Value': { length: [0, 256], pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' },
  AccessKeyId: { length: [16, 128], pattern: '[\\w]*' },
  EncodedMessage: { length: [1, 10_240] },
}
