/** EC2 over instances that are nothing but data, behind a real gateway, asked as clients ask. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { type SigningCredentials, signHeaders } from '../../kernel/sigv4/sign.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import {
  administrator,
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
  testRegion,
} from '../gateway/testing.ts'
import type { Ec2Fleet, Ec2Instance, InstanceMetadataOptions } from './fleet.ts'
import { LaunchTemplates } from './launch-templates.ts'
import { createEc2 } from './service.ts'

const stack = new AsyncDisposableStack()
const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
const nobody = { accessKeyId: 'AKIANOBODY0000000000', secretAccessKey: 'secret' }
const limited = { accessKeyId: 'AKIALIMITED000000000', secretAccessKey: 'secret' }
const options = new Map<string, InstanceMetadataOptions>()
let gateway: TestGateway

const instance = (n: number, more: Partial<Ec2Instance> = {}): Ec2Instance => ({
  instanceId: `i-0000000000000000${n}`,
  instanceType: 't3.medium',
  imageId: 'ami-1',
  privateIp: `192.168.0.${n}`,
  privateDnsName: `ip-192-168-0-${n}.internal`,
  account: testAccount,
  region: testRegion,
  availabilityZone: `${testRegion}a`,
  launchedAt: Date.UTC(2026, 0, 1),
  instanceProfile: { arn: `arn:aws:iam::${testAccount}:instance-profile/p${n}`, id: 'AIPA1' },
  tags: { 'eks:cluster-name': n === 1 ? 'one' : 'two' },
  ...more,
})
const fleet: Ec2Fleet = {
  instances: () => [
    ...[1, 2, 3, 4, 5, 6].map((n) => instance(n)),
    instance(8, { account: '999999999999' }),
    instance(9, { region: 'us-west-1' }),
  ],
  metadataOptions: (id) =>
    options.get(id) ?? { httpTokens: 'optional', httpEndpoint: 'enabled', hopLimit: 2 },
  async setMetadataOptions(id, change) {
    options.set(id, { ...fleet.metadataOptions(id), ...change })
  },
}

before(async () => {
  const store = stack.use(openSqliteStore({ path: ':memory:', now: () => clock.now() }))
  const identities = new MemoryIdentities()
  identities.addUser('nobody', nobody)
  identities.addUser(
    'limited',
    limited,
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 'ec2:Modify*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/eks:cluster-name': 'one' } },
      },
    }),
  )
  const service = createEc2({ fleet, templates: new LaunchTemplates(store) })
  gateway = stack.use(await startTestGateway({ services: [service], identities, clock }))
})
after(() => stack.disposeAsync())

async function ask(
  action: string,
  fields: Record<string, string> = {},
  credentials: SigningCredentials = administrator,
): Promise<{ status: number; text: string }> {
  const url = new URL('/', gateway.endpoint)
  const body = new URLSearchParams({
    Action: action,
    Version: '2016-11-15',
    ...fields,
  }).toString()
  const headers = signHeaders({
    method: 'POST',
    rawPath: '/',
    headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded' },
    region: testRegion,
    service: 'ec2',
    credentials,
    at: clock.now(),
    body,
  })
  const answer = await fetch(url, { method: 'POST', headers, body })
  return { status: answer.status, text: await answer.text() }
}

const idsIn = (text: string) =>
  [...text.matchAll(/<instanceId>i-0+(\d)</g)].map(([, n]) => Number(n))
const codeIn = ({ status, text }: { status: number; text: string }) =>
  `${status} ${/<Response><Errors><Error><Code>([^<]+)/.exec(text)?.[1]}`

test("instances are those of the caller's account and region, in EC2's form", async () => {
  const { status, text } = await ask('DescribeInstances')
  assert.equal(status, 200)
  assert.deepEqual(idsIn(text), [1, 2, 3, 4, 5, 6])
  const root =
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<DescribeInstancesResponse xmlns="http:\/\/ec2.amazonaws.com\/doc\/2016-11-15\/"><requestId>/
  assert.match(text, root)
  assert.match(text, /<launchTime>2026-01-01T00:00:00.000Z<\/launchTime>/)
  assert.match(text, /<instanceState><code>16<\/code><name>running<\/name><\/instanceState>/)
})

test('filters all hold, each with any of its values, wildcards included', async () => {
  const by = async (...filters: [string, ...string[]][]) => {
    const fields: Record<string, string> = {}
    for (const [i, [name, ...values]] of filters.entries()) {
      fields[`Filter.${i + 1}.Name`] = name
      for (const [j, value] of values.entries()) fields[`Filter.${i + 1}.Value.${j + 1}`] = value
    }
    return idsIn((await ask('DescribeInstances', fields)).text)
  }
  assert.deepEqual(await by(['tag:eks:cluster-name', 'one']), [1])
  assert.deepEqual(await by(['private-ip-address', '*.2', '192.168.0.?3', '192.*.3']), [2, 3])
  assert.deepEqual(await by(['tag-key', 'eks:*'], ['instance-id', '*4']), [4])
  assert.deepEqual(await by(['instance-state-name', 'stopped']), [])
  assert.equal(
    codeIn(await ask('DescribeInstances', { 'Filter.1.Name': 'x' })),
    '400 InvalidParameterValue',
  )
})

test('pages hold as many as asked for, and the token leads on', async () => {
  const first = await ask('DescribeInstances', { MaxResults: '5' })
  assert.deepEqual(idsIn(first.text), [1, 2, 3, 4, 5])
  const NextToken = /<nextToken>([^<]+)/.exec(first.text)?.[1] ?? ''
  const second = await ask('DescribeInstances', { MaxResults: '5', NextToken })
  assert.deepEqual(idsIn(second.text), [6])
  assert.doesNotMatch(second.text, /nextToken/)
})

test('metadata options change as asked, and only those', async () => {
  const InstanceId = instance(1).instanceId
  const change = { InstanceId, HttpTokens: 'required', HttpPutResponseHopLimit: '1' }
  const dry = await ask('ModifyInstanceMetadataOptions', { ...change, DryRun: 'true' })
  assert.equal(codeIn(dry), '412 DryRunOperation')
  assert.equal(options.size, 0)
  assert.equal((await ask('ModifyInstanceMetadataOptions', change)).status, 200)
  await ask('ModifyInstanceMetadataOptions', { InstanceId, HttpEndpoint: 'disabled' })
  assert.deepEqual(options.get(InstanceId), {
    httpTokens: 'required',
    httpEndpoint: 'disabled',
    hopLimit: 1,
  })
})

test('who may do nothing is told so in EC2 words; a tag of the instance can be a condition', async () => {
  const denied = await ask('DescribeInstances', {}, nobody)
  assert.equal(codeIn(denied), '403 UnauthorizedOperation')
  assert.match(denied.text, /You are not authorized to perform this operation. User: .*nobody/)
  const modify = (n: number) => {
    const fields = { InstanceId: instance(n).instanceId, HttpTokens: 'required' }
    return ask('ModifyInstanceMetadataOptions', fields, limited)
  }
  assert.equal((await modify(1)).status, 200)
  assert.equal(codeIn(await modify(2)), '403 UnauthorizedOperation')
  const stranger = { accessKeyId: 'AKIASTRANGER00000000', secretAccessKey: 'x' }
  assert.equal(codeIn(await ask('DescribeRegions', {}, stranger)), '401 AuthFailure')
})

test('bad input is refused, never a failure of ours', async () => {
  const InstanceId = instance(2).instanceId
  const refusals: [string, Record<string, string>, string][] = [
    ['ModifyInstanceMetadataOptions', {}, '400 MissingParameter'],
    ['ModifyInstanceMetadataOptions', { InstanceId: 'x' }, '400 InvalidInstanceID.Malformed'],
    [
      'ModifyInstanceMetadataOptions',
      { InstanceId: instance(8).instanceId },
      '400 InvalidInstanceID.NotFound',
    ],
    [
      'ModifyInstanceMetadataOptions',
      { InstanceId, HttpTokens: 'maybe' },
      '400 InvalidParameterValue',
    ],
    [
      'ModifyInstanceMetadataOptions',
      { InstanceId, HttpPutResponseHopLimit: '65' },
      '400 InvalidParameterValue',
    ],
    [
      'ModifyInstanceMetadataOptions',
      { InstanceId, HttpPutResponseHopLimit: 'x' },
      '400 MalformedInput',
    ],
    [
      'ModifyInstanceMetadataOptions',
      { InstanceId, HttpProtocolIpv6: 'enabled' },
      '400 UnsupportedOperation',
    ],
    [
      'ModifyInstanceMetadataOptions',
      { InstanceId, InstanceMetadataTags: 'enabled' },
      '400 UnsupportedOperation',
    ],
    ['DescribeInstances', { MaxResults: '1' }, '400 InvalidParameterValue'],
    [
      'DescribeInstances',
      { 'InstanceId.1': 'i-00000000000000007' },
      '400 InvalidInstanceID.NotFound',
    ],
    ['DescribeRegions', { 'RegionName.1': 'mars-1' }, '400 InvalidParameterValue'],
    ['DescribeAvailabilityZones', { 'ZoneName.1': 'mars-1a' }, '400 InvalidParameterValue'],
    ['CreateLaunchTemplate', { LaunchTemplateName: 'name' }, '400 MissingParameter'],
    ['DeleteLaunchTemplate', {}, '400 MissingParameter'],
    ['DeleteLaunchTemplate', { LaunchTemplateId: 'lt-1' }, '400 InvalidLaunchTemplateId.NotFound'],
    ['RunInstances', {}, '501 NotImplemented'],
    ['constructor', {}, '501 NotImplemented'],
    ['DescribeInstances', { Version: '2014-01-01' }, '400 InvalidAction'],
  ]
  for (const [action, fields, expected] of refusals) {
    assert.equal(codeIn(await ask(action, fields)), expected, `${action} ${JSON.stringify(fields)}`)
  }
})

test('a launch template is kept under one name, and goes', async () => {
  const template = {
    LaunchTemplateName: 'eksctl-one',
    'LaunchTemplateData.MetadataOptions.HttpTokens': 'required',
  }
  assert.equal((await ask('CreateLaunchTemplate', template)).status, 200)
  const again = await ask('CreateLaunchTemplate', template)
  assert.equal(codeIn(again), '400 InvalidLaunchTemplateName.AlreadyExistsException')
  const named = { 'LaunchTemplateName.1': 'eksctl-one' }
  assert.match((await ask('DescribeLaunchTemplates', named)).text, /<launchTemplateId>lt-0/)
  assert.equal(
    (await ask('DeleteLaunchTemplate', { LaunchTemplateName: 'eksctl-one' })).status,
    200,
  )
  const gone = await ask('DescribeLaunchTemplates', named)
  assert.equal(codeIn(gone), '400 InvalidLaunchTemplateName.NotFoundException')
})
