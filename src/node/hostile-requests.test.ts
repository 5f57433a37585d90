/** Requests that nobody honest sends, to the metadata address of a pod: nothing is a failure of ours. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type Log, silentLog } from '../audit/log.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { type InstanceMetadata, startInstanceMetadata } from './instance-metadata.ts'
import { Kiam } from './kiam.ts'
import { Kube2iam } from './kube2iam.ts'
import type { RoleProxy } from './role-proxy.ts'

const clock = new ManualClock(Date.UTC(2026, 0, 1))
const failures: string[] = []
const log: Log = { ...silentLog, error: (_facts, message) => failures.push(message) }
const credentials = {
  accessKeyId: 'ASIA1',
  secretAccessKey: 's',
  sessionToken: 't',
  expiration: Date.UTC(2027, 0, 1),
}
const pods = {
  activePodsAt: () => [
    { namespace: 'default', name: 'p', annotations: { 'iam.amazonaws.com/role': 'app' } },
  ],
  addresses: () => ['127.0.0.1'],
  namespaceAnnotations: () => ({ 'iam.amazonaws.com/permitted': '.*' }),
  namespaces: () => ['default'],
}
const agent = { clock, pods, retryMs: 0, settings: () => ({}), assume: async () => credentials }
const proxies: Readonly<Record<string, RoleProxy | undefined>> = {
  none: undefined,
  kube2iam: new Kube2iam(agent),
  kiam: new Kiam(agent),
}
let mode = 'none'
let metadata: InstanceMetadata
let port = 0

before(async () => {
  metadata = await startInstanceMetadata({
    host: '127.0.0.1',
    port: 0,
    clock,
    log,
    instance: {
      instanceId: 'i-0123456789abcdef0',
      instanceType: 't3.medium',
      privateIp: '192.168.0.1',
      hostname: 'h',
      account: '111122223333',
      region: 'ap-northeast-1',
      availabilityZone: 'ap-northeast-1a',
    },
    roleArn: 'arn:aws:iam::111122223333:role/node',
    clusterName: 'irsa',
    credentials: () => credentials,
    roleProxy: () => proxies[mode],
  })
  port = Number(new URL(await metadata.endpointFor({ metadata: { name: 'p', uid: 'u' } })).port)
})
after(() => metadata[Symbol.asyncDispose]())

/** What comes back for these bytes: the status, or `closed`. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes, 'latin1'))
    let text = ''
    socket.on('data', (piece) => {
      text += piece
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed'))
  })
}

/** The same numbers on every run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

const pieces = [
  'latest',
  'meta-data',
  'iam',
  'security-credentials',
  'app',
  'node',
  'api/token',
  'user-data',
  'metrics',
  'healthz',
  'health',
  'debug/store',
  '..',
  '%2e%2e',
  '%00',
  '%',
  '%ff',
  '__proto__',
  'constructor',
  '',
  '*',
  'arn:aws:iam::111122223333:role%2Fx',
  'a'.repeat(2000),
  '\xff',
  '%0d%0aSet-Cookie:x',
  '?x=1',
]
const methods = ['GET', 'PUT', 'POST', 'HEAD', 'DELETE', 'OPTIONS', 'GARBAGE']

for (const name of Object.keys(proxies)) {
  test(`paths and methods put together at random do no harm: ${name}`, async () => {
    mode = name
    const pick = random(name.length)
    const seen = new Set<string>()
    for (let i = 0; i < 400; i++) {
      const path = Array.from({ length: pick(8) }, () => pieces[pick(pieces.length)]).join('/')
      const method = methods[pick(methods.length)]
      seen.add(await send(`${method} /${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`))
    }
    const split = '/%0d%0aSet-Cookie:x/meta-data/iam/security-credentials'
    await send(`GET ${split} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    assert.deepEqual(failures, [])
    assert.ok(!seen.has('500') || name === 'kiam', [...seen].join(' '))
    const good = 'GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\nhost: x\r\n\r\n'
    assert.equal(await send(good), '200')
  })
}

test('a request line or headers beyond all measure are refused', async () => {
  mode = 'none'
  const answers = [
    await send(`GET /${'a'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`),
    await send(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`),
    await send('\x16\x03\x01\x02\x00'),
  ]
  assert.deepEqual(answers, ['closed', 'closed', 'closed'])
  assert.deepEqual(failures, [])
})
