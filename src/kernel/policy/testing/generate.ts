// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt like that
/** Generated cases, mostly valid and mostly near a match: small pools, so that requests and policies meet. */
import fc from 'fast-check'
import type { AuthorizationRequest, PolicyInput, PolicySet, PrincipalInput } from '../decision.ts'
import { conditionBlocks, contexts } from './generate-conditions.ts'
import { everything, type Profile } from './profile.ts'

export interface GeneratedCase {
  readonly request: AuthorizationRequest
  readonly policies: PolicySet
}

export const accountA = '111122223333'
export const accountB = '444455556666'
const provider = `arn:aws:iam::${accountA}:oidc-provider/localhost:8443/id/x`

export const users: readonly PrincipalInput[] = [
  {
    kind: 'user',
    account: accountA,
    arn: `arn:aws:iam::${accountA}:user/ann`,
    id: 'AIDAEXAMPLEANN000001',
  },
  {
    kind: 'user',
    account: accountB,
    arn: `arn:aws:iam::${accountB}:user/path/bob`,
    id: 'AIDAEXAMPLEBOB000001',
  },
]
export const sessions: readonly PrincipalInput[] = [
  {
    kind: 'session',
    account: accountA,
    arn: `arn:aws:sts::${accountA}:assumed-role/reader/web`,
    roleArn: `arn:aws:iam::${accountA}:role/reader`,
    roleId: 'AROAEXAMPLEREADER001',
  },
  {
    kind: 'session',
    account: accountB,
    arn: `arn:aws:sts::${accountB}:assumed-role/writer/job`,
    roleArn: `arn:aws:iam::${accountB}:role/path/writer`,
    roleId: 'AROAEXAMPLEWRITER001',
  },
]
const others: readonly PrincipalInput[] = [
  { kind: 'root', account: accountA, arn: `arn:aws:iam::${accountA}:root` },
  { kind: 'root', account: accountB, arn: `arn:aws:iam::${accountB}:root` },
  { kind: 'anonymous' },
  { kind: 'service', service: 'ec2.amazonaws.com' },
  { kind: 'federated', provider },
  { kind: 'federated', provider: 'accounts.google.com' },
  {
    kind: 'session',
    account: accountA,
    arn: `arn:aws:sts::${accountA}:assumed-role/AWSServiceRoleForX/x`,
    roleArn: `arn:aws:iam::${accountA}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX`,
    roleId: 'AROAEXAMPLELINKED001',
  },
]

const actions = [
  ...['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:getobject', 'sqs:SendMessage'],
  ...['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity', 'kms:Decrypt', 'dynamodb:GetItem'],
]
const actionPatterns = [
  ...[
    '*',
    's3:*',
    's3:Get*',
    'S3:GETOBJECT',
    's3:?etObject',
    's3:*Object',
    's3:*t*',
    'sqs:SendMessage',
  ],
  ...['sts:AssumeRole*', 'kms:*', 's3:PutObject', 's3:ListBucket', 'dynamodb:Get*', 's3:GetObject'],
]
const plainResources = [
  ...[
    'arn:aws:s3:::bucket',
    'arn:aws:s3:::bucket/a',
    'arn:aws:s3:::bucket/ann/a/b.txt',
    'arn:aws:s3:::other/x:y',
  ],
  ...[`arn:aws:sqs:eu-west-1:${accountA}:queue`, `arn:aws:iam::${accountA}:role/reader`],
  ...[`arn:aws:kms:us-east-1:${accountB}:key/1`, 'arn:aws:s3:::bucket/blue/z'],
]
const oddResources = [
  ...['arn:aws:s3:::bucket/a*', 'arn:aws:s3:::bucket/a?b', 'arn:aws:s3:::bucket/new\nline', '*'],
  ...[
    'arn:aws:s3:::bucket/"quoted"',
    'arn:aws:s3:::bucket/${aws:username}',
    'arn:aws:s3:::bucket/{}[]()|^$.\\',
  ],
]
const resourcePatterns = [
  ...[
    '*',
    'arn:aws:s3:::*',
    'arn:aws:s3:::bucket',
    'arn:aws:s3:::bucket/*',
    'arn:aws:s3:::bucket/a',
    'arn:*:s3:::b*/a*',
  ],
  ...[
    'arn:aws:s3:::buck?t/?',
    'arn:aws:s3:::*/b.txt',
    'arn:aws:s3:::bucket/*/a/*',
    'arn:aws:sqs:*:*:queue',
  ],
  ...[
    `arn:aws:sqs:eu-*:${accountA}:*`,
    `arn:aws:iam::${accountA}:role/*`,
    `arn:aws:kms:us-east-1:*:key/?`,
  ],
  ...['arn:aws:s3:::bucket/${aws:username}/*', 'arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*'],
  ...[
    "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'blue'}/?",
    'arn:aws:s3:::o*:?',
    'arn:aws:s3:::*${aws:username}*',
  ],
]
const oddPatterns = [
  'arn:aws:s3:::bucket/a${*}',
  'arn:aws:s3:::bucket/a${?}b',
  'arn:aws:s3:::bucket/${$}*',
  '**',
  'arn:aws:s3:::bucket/a${',
]

const oneOrList = <T>(item: fc.Arbitrary<T>) =>
  fc.oneof(
    { weight: 3, arbitrary: item },
    { weight: 2, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }) },
  )

/** There in one case of `n`. */
function oneIn<T>(n: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: n - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

function principalElements(profile: Profile): fc.Arbitrary<object> {
  const named = fc.constantFrom(
    ...[...users, ...sessions].flatMap((p) => ('arn' in p ? [p.arn] : [])),
    `arn:aws:iam::${accountA}:role/reader`,
    `arn:aws:iam::${accountA}:root`,
    accountB,
    `arn:aws:iam::${accountA}:user/eve`,
  )
  const aws = fc.record({ AWS: oneOrList(named) })
  const everyone = fc.constantFrom({ Principal: '*' }, { Principal: { AWS: '*' } })
  const plain = fc.oneof(
    everyone,
    aws.map((value) => ({ Principal: value })),
  )
  if (!profile.allPrincipals) return plain
  const rest = fc.oneof(
    fc
      .constantFrom(
        'AROAEXAMPLEREADER001',
        'AIDAEXAMPLEANN000001',
        `arn:aws:iam::${accountB}:role/path/writer`,
      )
      .map((AWS) => ({ AWS })),
    fc.constantFrom<Record<string, string>>(
      { Service: 'ec2.amazonaws.com' },
      { Federated: provider },
      { Federated: 'accounts.google.com' },
      { Service: 'ec2.amazonaws.com', AWS: accountA },
    ),
  )
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    { weight: 2, arbitrary: rest.map((value) => ({ Principal: value })) },
    { weight: 1, arbitrary: fc.oneof(aws, rest).map((value) => ({ NotPrincipal: value })) },
  )
}

function statements(profile: Profile, withPrincipal: boolean): fc.Arbitrary<object> {
  const patterns = profile.oddKeys ? [...resourcePatterns, ...oddPatterns] : resourcePatterns
  const action = oneOrList(fc.constantFrom(...actionPatterns, '*', '*', 's3:*', 's3:Get*'))
  const resource = oneOrList(fc.constantFrom(...patterns, '*', '*', '*', 'arn:aws:s3:::bucket/*'))
  return fc
    .record({
      Effect: fc.oneof(
        { weight: 4, arbitrary: fc.constant('Allow') },
        { weight: 1, arbitrary: fc.constant('Deny') },
      ),
      action: fc.oneof(
        { weight: 6, arbitrary: action.map((Action) => ({ Action })) },
        { weight: 1, arbitrary: action.map((NotAction) => ({ NotAction })) },
      ),
      resource: fc.oneof(
        { weight: 6, arbitrary: resource.map((Resource) => ({ Resource })) },
        { weight: 1, arbitrary: resource.map((NotResource) => ({ NotResource })) },
        ...(withPrincipal ? [{ weight: 1, arbitrary: fc.constant({}) }] : []),
      ),
      condition: fc.option(conditionBlocks(profile), { nil: undefined, freq: 3 }),
      principal: withPrincipal ? principalElements(profile) : fc.constant({}),
    })
    .map(({ Effect, action, resource, condition, principal }) => ({
      Effect,
      ...principal,
      ...action,
      ...resource,
      ...(condition && { Condition: condition }),
    }))
}

export function documents(profile: Profile, withPrincipal = false): fc.Arbitrary<string> {
  const version = profile.oldVersions
    ? fc.oneof(
        { weight: 6, arbitrary: fc.constant({ Version: '2012-10-17' }) },
        { weight: 1, arbitrary: fc.constant({ Version: '2008-10-17' }) },
        { weight: 1, arbitrary: fc.constant({}) },
      )
    : fc.constant({ Version: '2012-10-17' })
  return fc
    .tuple(version, fc.array(statements(profile, withPrincipal), { minLength: 1, maxLength: 3 }))
    .map(([head, list]) =>
      JSON.stringify({ ...head, Statement: list.length === 1 ? list[0] : list }),
    )
}

const named =
  (name: string) =>
  (document: string, i = 0): PolicyInput => ({ name: `${name}-${i}`, document })

function policySets(profile: Profile): fc.Arbitrary<PolicySet> {
  const identity = fc.array(documents(profile), { maxLength: 3 })
  const layer = fc.array(documents(profile), { minLength: 1, maxLength: 2 })
  const all = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
  const everyone = all.replace('"Action"', '"Principal":"*","Action"')
  const level = (withPrincipal: boolean) =>
    fc.array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constant(withPrincipal ? everyone : all) },
        { weight: 1, arbitrary: documents(profile, false) },
      ),
      { minLength: 1, maxLength: 2 },
    )
  return fc
    .record({
      identity,
      boundary: oneIn(4, layer),
      session: oneIn(4, layer),
      resource: oneIn(2, documents(profile, true)),
      serviceControl: oneIn(8, fc.array(level(false), { minLength: 1, maxLength: 2 })),
      resourceControl: oneIn(8, fc.array(level(true), { minLength: 1, maxLength: 2 })),
      endpoint: oneIn(10, level(true)),
    })
    .map((set) => ({
      identity: set.identity.map(named('identity')),
      ...(set.boundary && { boundary: set.boundary.map(named('boundary')) }),
      ...(set.session && { session: set.session.map(named('session')) }),
      ...(set.resource && { resource: named('resource')(set.resource) }),
      ...(set.serviceControl && {
        serviceControl: set.serviceControl.map((l) => l.map(named('scp'))),
      }),
      ...(set.resourceControl && {
        resourceControl: set.resourceControl.map((l) => l.map(named('rcp'))),
      }),
      ...(set.endpoint && { endpoint: set.endpoint.map(named('endpoint')) }),
    }))
}

/** Whole cases. */
export function cases(profile: Profile = everything): fc.Arbitrary<GeneratedCase> {
  const callers = [...users, ...sessions, ...sessions, ...(profile.allCallers ? others : [])]
  const request = fc
    .record({
      principal: fc.constantFrom(...callers),
      action: fc.constantFrom(...actions),
      resource: fc.constantFrom(...plainResources, ...(profile.oddKeys ? oddResources : [])),
      resourceAccount: oneIn(3, fc.constantFrom(accountA, accountB)),
      context: contexts(profile),
    })
    .map(({ resourceAccount, ...rest }) => ({
      ...rest,
      ...(resourceAccount && { resourceAccount }),
    }))
  return fc.record({ request, policies: policySets(profile) })
}
