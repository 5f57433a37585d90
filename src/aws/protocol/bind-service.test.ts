import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AwsRequest, Call, Operation } from '../operation.ts'
import { Refusal } from '../operation.ts'
import { bindService } from './bind-service.ts'
import { loadModel } from './load-model.ts'

interface Deps {
  readonly greeting: string
}

const getCallerIdentity: Operation<object, { Arn: string }, Deps> = {
  name: 'GetCallerIdentity',
  access: 'any-signed-caller',
  handle: (_input, _call, { greeting }) => ({ Arn: greeting }),
}

const assumeRole: Operation<{ RoleArn: string }, object, Deps> = {
  name: 'AssumeRoleWithWebIdentity',
  access: 'anyone',
  handle: () => ({}),
}

const sts = bindService({
  model: loadModel('sts'),
  operations: { GetCallerIdentity: getCallerIdentity, AssumeRoleWithWebIdentity: assumeRole },
  deps: { greeting: 'arn:<&>' },
  constraints: {
    RoleArn: { length: [20, 2048] },
    RoleSessionName: { length: [2, 64], pattern: '[\\w+=,.@-]*' },
    DurationSeconds: { range: [900, 43200] },
    WebIdentityToken: { length: [4, 20000] },
  },
})

const call = { requestId: 'id-1' } as Call

function request(over: Partial<AwsRequest> = {}): AwsRequest {
  return {
    method: 'POST',
    rawTarget: '/',
    rawPath: '/',
    rawQuery: '',
    headers: new Map(),
    secure: false,
    sourceIp: '127.0.0.1',
    ...over,
  }
}

function bind(fields: Record<string, string>) {
  return sts.match(request(), new URLSearchParams({ Version: '2011-06-15', ...fields }))
}

function refused(work: () => unknown): Refusal {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error))
    return error
  }
  assert.fail('nothing was refused')
}

test('an operation is found by its Action, handled with the deps and written as XML', () => {
  const bound = bind({ Action: 'GetCallerIdentity' })
  assert.equal(bound.allowAnonymous, false)
  const input = bound.parse(request(), new Uint8Array(), undefined)
  const response = bound.write(bound.handle(input, call), call)
  assert.equal(
    response.body,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      '<Arn>arn:&lt;&amp;&gt;</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>id-1</RequestId>' +
      '</ResponseMetadata></GetCallerIdentityResponse>',
  )
})

test('an unknown action, another version and none at all are refused as AWS does', () => {
  const unknown = refused(() => bind({ Action: 'Dance' }))
  assert.deepEqual([unknown.code, unknown.status], ['InvalidAction', 400])
  assert.equal(unknown.message, 'Could not find operation Dance for version 2011-06-15')
  const version = refused(() => bind({ Action: 'GetCallerIdentity', Version: '2010-05-08' }))
  assert.match(version.message, /GetCallerIdentity for version 2010-05-08$/)
  assert.equal(refused(() => bind({ Action: '' })).code, 'MissingAction')
  assert.equal(refused(() => sts.match(request(), undefined)).code, 'MissingAction')
})

test('an operation that is not there says so by name, with a status that clients do not retry', () => {
  const refusal = refused(() => bind({ Action: 'AssumeRoot' }))
  assert.deepEqual([refusal.code, refusal.status], ['NotImplemented', 501])
  assert.match(refusal.message, /sts:AssumeRoot/)
})

test('parameters that break constraints are named together, and secrets are not repeated', () => {
  const bound = bind({
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: 'arn:short',
    RoleSessionName: 'a b',
    WebIdentityToken: 'abc',
    DurationSeconds: '899',
  })
  const refusal = refused(() => bound.parse(request(), new Uint8Array(), undefined))
  assert.equal(refusal.code, 'ValidationError')
  assert.equal(
    refusal.message,
    "4 validation errors detected: Value 'arn:short' at 'roleArn' failed to satisfy constraint: " +
      'Member must have length greater than or equal to 20; ' +
      "Value 'a b' at 'roleSessionName' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: [\\w+=,.@-]*; ' +
      "Value '***' at 'webIdentityToken' failed to satisfy constraint: " +
      'Member must have length greater than or equal to 4; ' +
      "Value '899' at 'durationSeconds' failed to satisfy constraint: " +
      'Member must have value greater than or equal to 900',
  )
})

test('a missing required parameter is null', () => {
  const bound = bind({ Action: 'AssumeRoleWithWebIdentity', RoleArn: 'arn:aws:iam::1:role/abcdef' })
  const refusal = refused(() => bound.parse(request(), new Uint8Array(), undefined))
  assert.match(
    refusal.message,
    /^2 validation errors detected: Value null at 'roleSessionName' failed/,
  )
  assert.match(refusal.message, /Value null at 'webIdentityToken' .* Member must not be null$/)
})

test('a number that is none and too deep names are refused, not guessed', () => {
  const bound = bind({ Action: 'AssumeRoleWithWebIdentity', DurationSeconds: 'one hour' })
  const number = refused(() => bound.parse(request(), new Uint8Array(), undefined))
  assert.deepEqual([number.code, number.status], ['MalformedInput', 400])
  const deep = bind({ Action: 'AssumeRoleWithWebIdentity', [`a${'.b'.repeat(40)}`]: '1' })
  assert.equal(
    refused(() => deep.parse(request(), new Uint8Array(), undefined)).code,
    'MalformedInput',
  )
})

test('errors are written in the envelope of the protocol', () => {
  const error = { code: 'AccessDenied', status: 403, message: 'no <right>' }
  const response = sts.writeError(error, { requestId: 'id-2', at: 0, method: 'POST', rawPath: '/' })
  assert.equal(response.status, 403)
  assert.equal(
    response.body,
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      '<Code>AccessDenied</Code><Message>no &lt;right&gt;</Message></Error>' +
      '<RequestId>id-2</RequestId></ErrorResponse>',
  )
})

test('a client that asks for JSON is answered in it, dates as numbers', () => {
  const accept = 'application/json'
  const asking = request({ headers: new Map([['accept', accept]]) })
  const fields = new URLSearchParams({
    Version: '2011-06-15',
    Action: 'AssumeRoleWithWebIdentity',
  })
  const bound = sts.match(asking, fields)
  const Expiration = new Date(1_700_000_000_000)
  const answer = bound.write({ Credentials: { AccessKeyId: 'ASIA', Expiration } }, call)
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(String(answer.body)), {
    AssumeRoleWithWebIdentityResponse: {
      AssumeRoleWithWebIdentityResult: {
        Credentials: { AccessKeyId: 'ASIA', Expiration: 1_700_000_000 },
      },
      ResponseMetadata: { RequestId: 'id-1' },
    },
  })
  const error = { code: 'ExpiredToken', status: 403, message: 'too late' }
  const where = { requestId: 'id-2', at: 0, method: 'POST', rawPath: '/' }
  assert.equal(
    sts.writeError(error, { ...where, accept }).body,
    '{"Error":{"Code":"ExpiredToken","Message":"too late","Type":"Sender"},"RequestId":"id-2"}',
  )
  for (const other of ['*/*', 'text/xml, application/json', undefined]) {
    assert.match(String(sts.writeError(error, { ...where, accept: other }).body), /^<ErrorResponse/)
  }
})

const eks = bindService({
  model: loadModel('eks'),
  operations: {
    TagResource: { name: 'TagResource', access: 'any-signed-caller', handle: () => ({}) },
  },
  deps: {},
  validationCode: 'InvalidParameterException',
})

test('a path is split before it is decoded, so an ARN with a slash stays one label', () => {
  const given = request({ rawPath: '/tags/arn%3Aaws%3Aeks%3Ar%3A1%3Acluster%2Fdemo' })
  const bound = eks.match(given, undefined)
  assert.deepEqual(
    bound.parse(given, Buffer.from('{"tags":{"a":"b","__proto__":"c"}}'), undefined),
    {
      resourceArn: 'arn:aws:eks:r:1:cluster/demo',
      tags: Object.fromEntries([
        ['a', 'b'],
        ['__proto__', 'c'],
      ]),
    },
  )
})

test('bodies that are no JSON, or not of the right type, are a SerializationException', () => {
  const given = request({ rawPath: '/tags/x' })
  const bound = eks.match(given, undefined)
  for (const body of ['{', '[]', '"x"', '{"tags":[]}', '{"tags":{"a":1}}', '\xff']) {
    const refusal = refused(() => bound.parse(given, Buffer.from(body, 'latin1'), undefined))
    assert.deepEqual([refusal.code, refusal.status], ['SerializationException', 400], body)
  }
  const missing = refused(() => bound.parse(given, new Uint8Array(), undefined))
  assert.equal(missing.code, 'InvalidParameterException')
})

test('a path of no operation is 404, an operation that is not there 400, both UnknownOperationException', () => {
  for (const [rawPath, status] of [
    ['/nowhere', 404],
    ['/tags/%E0%A4%A', 404],
    ['/clusters/x/insights', 400],
  ] as const) {
    const refusal = refused(() => eks.match(request({ rawPath }), undefined))
    assert.deepEqual([refusal.code, refusal.status], ['UnknownOperationException', status], rawPath)
  }
})

const cloudtrail = bindService({
  model: loadModel('cloudtrail'),
  operations: {
    LookupEvents: {
      name: 'LookupEvents',
      access: 'any-signed-caller',
      handle: (input) => ({ Events: [{ EventId: 'e', EventTime: input.StartTime }] }),
    },
  },
  deps: {},
})

test('a json service finds its operation by target, and writes dates as epoch seconds', () => {
  const target = 'CloudTrail_20131101.LookupEvents'
  const given = request({ headers: new Map([['x-amz-target', target]]) })
  const bound = cloudtrail.match(given, undefined)
  const input = bound.parse(given, Buffer.from('{"StartTime":1767225600.5}'), undefined)
  const response = bound.write(bound.handle(input, call), call)
  assert.equal(response.headers['content-type'], 'application/x-amz-json-1.1')
  assert.equal(response.body, '{"Events":[{"EventId":"e","EventTime":1767225600.5}]}')
  for (const name of ['Dance', 'CreateTrail']) {
    const other = request({ headers: new Map([['x-amz-target', `CloudTrail_20131101.${name}`]]) })
    const refusal = refused(() => cloudtrail.match(other, undefined))
    assert.deepEqual([refusal.code, refusal.status], ['UnknownOperationException', 400])
  }
  const error = { code: 'InvalidTimeRangeException', status: 400, message: 'no' }
  const written = cloudtrail.writeError(error, {
    requestId: 'i',
    at: 0,
    method: 'POST',
    rawPath: '/',
  })
  assert.equal(written.body, '{"__type":"InvalidTimeRangeException","message":"no"}')
})
