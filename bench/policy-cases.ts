/** The cases of the policy bench: three requests that every evaluator answers, and a mixed load that grows. */
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import type {
  AuthorizationRequest,
  PolicyInput,
  PolicySet,
  PrincipalInput,
} from '../src/kernel/policy/policy.ts'

export interface BenchCase {
  readonly name: string
  readonly request: AuthorizationRequest
  /** Other requests with the same answer: as many objects, nothing that a loop could hoist. */
  readonly variants: readonly AuthorizationRequest[]
  readonly policies: PolicySet
  readonly expect: 'allowed' | 'explicitDeny' | 'implicitDeny'
}

/** An evaluator of somebody else, asked the same. */
export interface Peer {
  readonly name: string
  /** Gives a function that answers once, policies preloaded as far as the peer can. */
  prepare(bench: BenchCase, request: AuthorizationRequest): () => string
}

export const account = '111122223333'

export const session: PrincipalInput = {
  kind: 'session',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/reader/web`,
  roleArn: `arn:aws:iam::${account}:role/reader`,
  roleId: 'AROAEXAMPLEREADER0001',
}

/** The keys that every signed request brings. */
export const context = {
  'aws:PrincipalArn': `arn:aws:iam::${account}:role/reader`,
  'aws:PrincipalAccount': account,
  'aws:PrincipalType': 'AssumedRole',
  'aws:userid': 'AROAEXAMPLEREADER0001:web',
  'aws:PrincipalTag/team': 'blue',
  'aws:SourceIp': '192.0.2.17',
  'aws:SecureTransport': 'true',
  'aws:UserAgent': 'aws-sdk-js/3.900.0',
  'aws:CurrentTime': '2026-11-25T12:00:00Z',
  'aws:EpochTime': '1795608000',
  'aws:RequestedRegion': 'eu-west-1',
  'aws:TokenIssueTime': '2026-11-25T11:30:00Z',
  'aws:MultiFactorAuthPresent': 'false',
  's3:authType': 'REST-HEADER',
  's3:signatureversion': 'AWS4-HMAC-SHA256',
} as const

/** (a), (b) and (c) of the specification. */
export function benchCases(): BenchCase[] {
  return [s3Read(), tenByTen(), trust()].map((bench) => ({
    ...bench,
    variants: Array.from({ length: 64 }, (_, i) => variant(bench.request, i)),
  }))
}

/** Another object in the same bucket, another address; a role has no such thing, only its context differs. */
function variant(request: AuthorizationRequest, i: number): AuthorizationRequest {
  const resource = request.resource.replace(/q3\.csv$/, `part-${i}.csv`)
  return { ...request, resource, context: { ...request.context, 'aws:SourceIp': `192.0.2.${i}` } }
}

function document(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

interface ManagedPolicies {
  readonly policies: readonly (readonly [
    name: string,
    v: string,
    c: number,
    u: number,
    document: string,
  ])[]
}

type Plain = Omit<BenchCase, 'variants'>

function s3Read(): Plain {
  const file = new URL('../data/managed-policies.json.br', import.meta.url)
  const data = JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as ManagedPolicies
  const row = data.policies.find(([name]) => name === '/AmazonS3ReadOnlyAccess')
  if (!row) throw new Error('AmazonS3ReadOnlyAccess is missing')
  return {
    name: '(a) S3 read, AmazonS3ReadOnlyAccess',
    request: {
      principal: session,
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::reports/2026/q3.csv',
      context,
    },
    policies: { identity: [{ name: 'AmazonS3ReadOnlyAccess', document: row[4] }] },
    expect: 'allowed',
  }
}

const services = ['s3', 'dynamodb', 'sqs', 'sns', 'logs', 'ec2', 'kms', 'ssm', 'ecr', 'lambda']

/** 10 policies of 10 statements, bucket policy, boundary and session policy; the last policy allows. */
function tenByTen(): Plain {
  const identity = Array.from({ length: 10 }, (_, p): PolicyInput => {
    const statements = services.map((service, s) => ({
      Sid: `P${p}S${s}`,
      Effect: s === 9 ? 'Deny' : 'Allow',
      Action:
        s === 9
          ? ['s3:Delete*', 's3:PutBucket*']
          : [`${service}:Get*`, `${service}:List*`, `${service}:*Tag*`],
      Resource:
        s === 0
          ? [
              `arn:aws:s3:::team-${p}-*/\${aws:PrincipalTag/team}/*`,
              `arn:aws:s3:::team-${p}-shared`,
            ]
          : `arn:aws:${service}:*:${account}:*/team-${p}/*`,
      Condition: {
        StringLike: { 'aws:UserAgent': ['aws-sdk-*', 'aws-cli/*'] },
        IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '10.0.0.0/8'] },
        ...(s % 3 === 0 && { Bool: { 'aws:SecureTransport': 'true' } }),
      },
    }))
    return { name: `policy-${p}`, document: document(statements) }
  })
  const bucketPolicy = document([
    {
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::team-9-data', 'arn:aws:s3:::team-9-data/*'],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:role/writer` },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::team-9-data/*',
    },
  ])
  const boundary = document([
    { Effect: 'Allow', Action: ['s3:*', 'dynamodb:*', 'sqs:*', 'logs:*'], Resource: '*' },
    { Effect: 'Deny', Action: 'iam:*', Resource: '*' },
  ])
  const narrowed = document([
    {
      Effect: 'Allow',
      Action: 's3:Get*',
      Resource: `arn:aws:s3:::team-9-*/\${aws:PrincipalTag/team}/*`,
    },
  ])
  return {
    name: '(b) 10 policies of 10 statements, bucket policy, boundary, session policy',
    request: {
      principal: session,
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::team-9-data/blue/2026/q3.csv',
      context,
    },
    policies: {
      identity,
      boundary: [{ name: 'boundary', document: boundary }],
      session: [{ name: 'session', document: narrowed }],
      resource: { name: 'bucket', document: bucketPolicy },
    },
    expect: 'allowed',
  }
}

function trust(): Plain {
  const issuer = 'oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E'
  const provider = `arn:aws:iam::${account}:oidc-provider/${issuer}`
  const trustPolicy = document([
    {
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com' },
        StringLike: { [`${issuer}:sub`]: 'system:serviceaccount:shop:*' },
      },
    },
  ])
  return {
    name: '(c) IRSA trust policy, :aud StringEquals, :sub StringLike',
    request: {
      principal: { kind: 'federated', provider },
      action: 'sts:AssumeRoleWithWebIdentity',
      resource: `arn:aws:iam::${account}:role/reader`,
      resourceAccount: account,
      context: {
        [`${issuer}:aud`]: 'sts.amazonaws.com',
        [`${issuer}:sub`]: 'system:serviceaccount:shop:cart',
        'aws:SourceIp': '192.0.2.17',
        'aws:SecureTransport': 'true',
        'aws:CurrentTime': '2026-11-25T12:00:00Z',
      },
    },
    policies: {
      identity: [],
      resource: { name: 'trust', document: trustPolicy },
      resourcePolicyRequired: true,
    },
    expect: 'allowed',
  }
}

/** A seeded generator (mulberry32): the same load in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const verbs = ['Get', 'List', 'Put', 'Delete', 'Describe', 'Create', 'Update', 'Tag']
const nouns = [
  'Object',
  'Item',
  'Message',
  'Topic',
  'Events',
  'Instances',
  'Key',
  'Parameter',
  'Image',
  'Function',
]

/** An action that one of the role's own statements names. */
function ownAction({ identity }: PolicySet, pick: <T>(list: readonly T[]) => T): string {
  const { Statement } = JSON.parse(identity[0]?.document ?? '') as {
    Statement: { Action: string[] }[]
  }
  return pick(Statement).Action[0] ?? ''
}

/**
 * Roles with three inline policies of four statements of their own and two of fifty shared ones, asked for random
 * actions on random resources: about one request in twenty-five is allowed.
 */
export function mixedLoad(roles: number, requests: number) {
  const random = seeded(42)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const action = () => `${pick(services)}:${pick(verbs)}${pick(nouns)}`
  const statement = (owner: string) => ({
    Effect: random() < 0.9 ? 'Allow' : 'Deny',
    Action: [action(), `${pick(services)}:${pick(verbs)}*`],
    Resource: `arn:aws:${random() < 0.5 ? '*' : pick(services)}:*:${account}:${owner}/*`,
    ...(random() < 0.4 && {
      Condition: { StringEquals: { 'aws:PrincipalTag/team': pick(['blue', 'red']) } },
    }),
  })
  const shared = Array.from({ length: 50 }, (_, i): PolicyInput => {
    const statements = Array.from({ length: 6 }, () => statement(`shared-${i}`))
    return { name: `shared-${i}`, document: document(statements) }
  })
  const sets = Array.from({ length: roles }, (_, r): PolicySet => {
    const own = Array.from({ length: 3 }, (__, p): PolicyInput => {
      const statements = Array.from({ length: 4 }, () => statement(`role-${r}`))
      return { name: `own-${p}`, document: document(statements) }
    })
    return { identity: [...own, pick(shared), pick(shared)] }
  })
  const load = Array.from({ length: requests }, () => {
    const r = Math.floor(random() * roles)
    const policies = sets[r] as PolicySet
    const mine = random() < 0.05
    const asked = mine ? ownAction(policies, pick) : action()
    const service = asked.split(':')[0]
    const owner = random() < 0.6 ? `role-${r}` : `shared-${Math.floor(random() * 50)}`
    const roleArn = `arn:aws:iam::${account}:role/role-${r}`
    const principal: PrincipalInput = {
      kind: 'session',
      account,
      arn: `arn:aws:sts::${account}:assumed-role/role-${r}/s`,
      roleArn,
      roleId: `AROA${r}`,
    }
    const request: AuthorizationRequest = {
      principal,
      action: asked,
      resource: mine
        ? `arn:aws:${pick(services)}:eu-west-1:${account}:role-${r}/thing`
        : `arn:aws:${service}:eu-west-1:${account}:${owner}/thing-${Math.floor(random() * 1000)}`,
      context,
    }
    return { request, policies }
  })
  return { load, statements: roles * 12 + 300 }
}
