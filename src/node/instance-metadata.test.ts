import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, before, test } from 'node:test'
import { silentLog } from '../audit/log.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { Refusal } from '../kernel/refusal.ts'
import {
  type InstanceMetadata,
  type MetadataOptions,
  startInstanceMetadata,
} from './instance-metadata.ts'
import { metadataTree, readMetadata } from './metadata-tree.ts'
import type { CredentialsRequest } from './node-credentials.ts'
import type { RoleProxy } from './role-proxy.ts'

const clock = new ManualClock()
const pod = { metadata: { name: 'p', namespace: 'default', uid: 'u-1' }, spec: {} }
const ttl = 'x-aws-ec2-metadata-token-ttl-seconds'
const roleArn = 'arn:aws:iam::111122223333:role/path/node-role'
const instance = {
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'm5.large',
  privateIp: '192.168.1.2',
  hostname: 'ip-192-168-1-2.ap-northeast-1.compute.internal',
  account: '111122223333',
  region: 'ap-northeast-1',
  availabilityZone: 'ap-northeast-1a',
}
let options: MetadataOptions = { httpTokens: 'optional', httpEndpoint: 'enabled' }
let roleProxy: RoleProxy | undefined
let refused = false
const page = (status: number, title: string) => new RegExp(`<title>${status} - ${title}</title>`)
const asked: CredentialsRequest[] = []
let metadata: InstanceMetadata
let base: string

before(async () => {
  metadata = await startInstanceMetadata({
    host: '127.0.0.1',
    port: 0,
    clock,
    log: silentLog,
    instance,
    roleArn,
    clusterName: 'irsa',
    options: () => options,
    roleProxy: () => roleProxy,
    addressOf: ({ podUid }) => `10.0.0.${podUid?.slice(2)}`,
    credentials: (request) => {
      asked.push(request)
      if (refused) return new Refusal('no', { code: 'AccessDenied', status: 403 })
      return {
        accessKeyId: `ASIA${asked.length}`,
        secretAccessKey: 's',
        sessionToken: 't',
        expiration: clock.now() + request.durationSeconds * 1000,
      }
    },
  })
  base = await metadata.endpointFor(pod)
})
after(() => metadata[Symbol.asyncDispose]())

async function ask(path: string, init: RequestInit = {}): Promise<[number, string]> {
  const answer = await fetch(base + path, init)
  return [answer.status, await answer.text()]
}

async function token(seconds = '60'): Promise<[number, string]> {
  return ask('latest/api/token', { method: 'PUT', headers: { [ttl]: seconds } })
}

const roles = 'latest/meta-data/iam/security-credentials/'

test('version 1 gives the role and its credentials, with the pod known to whoever issues them', async () => {
  assert.deepEqual(await ask(roles), [200, 'node-role'])
  const [status, text] = await ask(`${roles}node-role`)
  assert.equal(status, 200)
  const { Code, Type, Expiration } = JSON.parse(text) as Record<string, string>
  assert.deepEqual([Code, Type], ['Success', 'AWS-HMAC'])
  assert.match(Expiration ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.deepEqual(asked.at(-1), {
    roleArn,
    sessionName: 'i-0123456789abcdef0',
    durationSeconds: 21_600,
    instanceId: 'i-0123456789abcdef0',
    instanceRegion: instance.region,
    roleDelivery: '1.0',
    pod: {
      cluster: 'irsa',
      namespace: 'default',
      pod: 'p',
      podUid: 'u-1',
      serviceAccount: 'default',
    },
  })
  const [missing, html] = await ask(`${roles}another`)
  assert.equal(missing, 404)
  assert.match(html, page(404, 'Not Found'))
})

test('credentials are kept, and renewed half an hour before their end', async () => {
  const key = async () =>
    (JSON.parse((await ask(`${roles}node-role`))[1]) as { AccessKeyId: string }).AccessKeyId
  const first = await key()
  clock.advance(5 * 3_600_000)
  assert.equal(await key(), first)
  clock.advance(31 * 60_000)
  assert.notEqual(await key(), first)
})

test('a token is good for its time, and a bad one is refused even where none is needed', async () => {
  const [status, good] = await token('60')
  assert.equal(status, 200)
  const withToken = (value: string) =>
    ask(roles, { headers: { 'x-aws-ec2-metadata-token': value } })
  assert.deepEqual(await withToken(good), [200, 'node-role'])
  assert.equal((await withToken('garbage'))[0], 401)
  clock.advance(61_000)
  assert.equal((await withToken(good))[0], 401)
})

test('who asks with a token has other credentials than who asks without: policies tell them apart', async () => {
  const key = async (headers: Record<string, string> = {}) => {
    const [, text] = await ask(`${roles}node-role`, { headers })
    return (JSON.parse(text) as { AccessKeyId: string }).AccessKeyId
  }
  const without = await key()
  const [, good] = await token()
  const withToken = await key({ 'x-aws-ec2-metadata-token': good })
  assert.equal(asked.at(-1)?.roleDelivery, '2.0')
  assert.notEqual(withToken, without)
  assert.equal(await key(), without)
})

test('the rules of the token request are EC2’s', async () => {
  for (const seconds of ['0', '21601', 'x', '-1', '1.5'])
    assert.equal((await token(seconds))[0], 400)
  assert.equal((await ask('latest/api/token', { method: 'PUT' }))[0], 400)
  const forwarded = { [ttl]: '60', 'x-forwarded-for': '1.2.3.4' }
  assert.equal((await ask('latest/api/token', { method: 'PUT', headers: forwarded }))[0], 403)
  assert.equal((await ask('latest/api/token'))[0], 405)
  assert.equal((await ask(roles, { method: 'DELETE' }))[0], 405)
})

test('version 1 is refused where tokens are required, everything where the endpoint is off', async () => {
  options = { httpTokens: 'required', httpEndpoint: 'enabled' }
  assert.equal((await ask(roles))[0], 401)
  const [, good] = await token()
  assert.equal((await ask(roles, { headers: { 'x-aws-ec2-metadata-token': good } }))[0], 200)
  options = { httpTokens: 'optional', httpEndpoint: 'disabled' }
  assert.equal((await ask(roles))[0], 403)
  options = { httpTokens: 'optional', httpEndpoint: 'enabled' }
})

test('the tree lists its directories and answers as EC2 does', async () => {
  assert.deepEqual(await ask('latest/meta-data/placement/availability-zone/'), [
    200,
    'ap-northeast-1a',
  ])
  assert.deepEqual(await ask('latest/meta-data/instance-id'), [200, 'i-0123456789abcdef0'])
  assert.match((await ask('latest/meta-data/'))[1], /^ami-id\nhostname\niam\/\ninstance-action\n/)
  const [, document] = await ask('latest/dynamic/instance-identity/document')
  assert.equal((JSON.parse(document) as { region: string }).region, 'ap-northeast-1')
  assert.equal((await ask('latest/user-data'))[0], 404)
  assert.equal((await ask('latest/meta-data/iam/security-credentials-extended/'))[0], 404)
})

test('where STS refuses the role, the document says so with status 200', async () => {
  refused = true
  const other = await metadata.endpointFor({ metadata: { name: 'q', uid: 'u-2' } })
  const answer = await fetch(`${other}${roles}node-role`)
  assert.equal(answer.status, 200)
  assert.equal(((await answer.json()) as { Code: string }).Code, 'AssumeRoleUnauthorizedAccess')
  refused = false
})

test('the hop limit keeps the answer to a token request from pods behind the bridge', async () => {
  options = { hopLimit: 1 }
  const signal = AbortSignal.timeout(50)
  await assert.rejects(
    ask('latest/api/token', { method: 'PUT', headers: { [ttl]: '60' }, signal }),
    { name: 'TimeoutError' },
  )
  assert.equal((await ask(roles))[0], 200)
  const onHost = { metadata: { name: 'h', uid: 'u-3' }, spec: { hostNetwork: true } }
  const url = `${await metadata.endpointFor(onHost)}latest/api/token`
  assert.equal((await fetch(url, { method: 'PUT', headers: { [ttl]: '60' } })).status, 200)
  options = {}
})

test('without a role there is no profile', async () => {
  const tree = metadataTree(instance, undefined)
  assert.equal(readMetadata(tree, '/latest/meta-data/iam/info'), undefined)
  assert.equal(readMetadata(tree, '/latest/meta-data/constructor'), undefined)
})

test('a pod that has gone has no address any more; the node itself keeps its own', async () => {
  metadata.forget(pod)
  await assert.rejects(ask(roles))
  const own = await fetch(`http://127.0.0.1:${metadata.port}/${roles}node-role`)
  assert.equal(own.status, 200)
  assert.equal(asked.at(-1)?.pod, undefined)
})

test('where blocked pods are rejected, the connection ends at once', async () => {
  base = await metadata.endpointFor(pod)
  options = { hopLimit: 1, httpTokens: 'required', blockedPods: 'reject' }
  await assert.rejects(
    ask('latest/api/token', { method: 'PUT', headers: { [ttl]: '60' } }),
    ({ cause }) => (cause as NodeJS.ErrnoException).code === 'ECONNRESET',
  )
  options = {}
})

test('what stands before the metadata sees pods by their addresses, and not those on the host network', async () => {
  const seen: string[] = []
  roleProxy = {
    async answer({ method, path, sourceIp }) {
      seen.push(`${method} ${path} ${sourceIp}`)
      return path.endsWith('/instance-id') ? 'pass' : { status: 403, text: 'mine\n' }
    },
  }
  assert.deepEqual(await ask('latest/user-data'), [403, 'mine\n'])
  assert.deepEqual(await ask('latest/meta-data/instance-id'), [200, instance.instanceId])
  const onHost = { metadata: { name: 'h', uid: 'u-3' }, spec: { hostNetwork: true } }
  const url = `${await metadata.endpointFor(onHost)}latest/user-data`
  assert.equal((await fetch(url)).status, 404)
  assert.deepEqual(seen, [
    'GET /latest/user-data 10.0.0.1',
    'GET /latest/meta-data/instance-id 10.0.0.1',
  ])
  roleProxy = undefined
})

// Only Linux answers for the whole of 127.0.0.0/8.
const skip = process.platform !== 'linux'
test('a pod that binds the address of another is taken for it', { skip }, async () => {
  let seen = ''
  roleProxy = {
    async answer({ sourceIp }) {
      seen = sourceIp
      return { status: 200, text: '' }
    },
  }
  await new Promise((resolve, reject) => {
    get(`${base}latest/`, { localAddress: '127.0.0.2' }, (answer) => {
      answer.resume().on('end', resolve)
    }).on('error', reject)
  })
  assert.equal(seen, '127.0.0.2')
  roleProxy = undefined
})

test('what an agent passes on comes from the host: the hop limit does not stop it', async () => {
  options = { hopLimit: 1, httpTokens: 'required' }
  roleProxy = { answer: async () => 'pass' }
  const put = { method: 'PUT', headers: { [ttl]: '60' } }
  assert.equal((await ask('latest/api/token', put))[0], 200)
  roleProxy = undefined
  options = {}
})
