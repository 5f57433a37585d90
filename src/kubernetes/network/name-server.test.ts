import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { answerTo, questionOf } from './dns-message.ts'
import { ownAnswer, serveNames, upstreams } from './name-server.ts'
import { resolvConf } from './resolv-conf.ts'

const region = 'ap-northeast-1'

function query(name: string, type = 1): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`))
  const head = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1])])
}

test('names of the cluster are its own; all others are somebody else’s', () => {
  for (const [name, type, expected] of [
    ['kubernetes.default.svc.cluster.local', 1, ['10.100.0.1']],
    ['kubernetes.default.svc.cluster.local', 28, []],
    ['api.shop.svc.cluster.local', 1, 'no-such-name'],
    ['shop.cluster-c1x.ap-northeast-1.rds.localhost', 1, ['127.0.0.1']],
    ['ip-192-168-3-4.ap-northeast-1.compute.internal', 1, ['192.168.3.4']],
    ['ip-192-168-3-999.ap-northeast-1.compute.internal', 1, 'no-such-name'],
    ['example.com.ap-northeast-1.compute.internal', 1, 'no-such-name'],
    ['notcluster.local', 1, undefined],
    ['example.com', 1, undefined],
  ] as const) {
    assert.deepEqual(ownAnswer({ name, type }, region), expected, name)
  }
})

test('a question is read, whatever its case; what is none is not', () => {
  assert.deepEqual(questionOf(query('Example.COM', 28)), { name: 'example.com', type: 28 })
  const answered = query('a.b')
  answered[2] = 0x81
  const compressed = query('a.b')
  compressed[12] = 0xc0
  const two = query('a.b')
  two[5] = 2
  for (const bad of [Buffer.alloc(0), query('a.b').subarray(0, 15), answered, compressed, two]) {
    assert.equal(questionOf(bad), undefined)
  }
  for (let length = 0; length < 40; length++) questionOf(Buffer.alloc(length, 63))
})

test('an answer repeats the question, with the address or the code', () => {
  const asked = query('a.b')
  const found = answerTo(asked, ['10.100.0.1'])
  assert.deepEqual([found.readUInt16BE(0), found.readUInt16BE(2)], [0x1234, 0x8180])
  assert.deepEqual([...found.subarray(-4)], [10, 100, 0, 1])
  assert.equal(answerTo(asked, 'no-such-name').readUInt16BE(2), 0x8183)
  assert.equal(answerTo(asked, 'failure').readUInt16BE(2), 0x8182)
  assert.equal(answerTo(asked, []).readUInt16BE(6), 0)
})

test('what is asked of nobody is answered as a failure, and nonsense not at all', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'podpass-names-'))
  const file = join(directory, 'resolv.conf')
  writeFileSync(file, 'search x\nnameserver nonsense\n')
  const door = await bound()
  using _serving = serveNames(door, { region, resolvConf: file })
  const client = await bound()
  client.send('nonsense', door.address().port, '127.0.0.1')
  client.send(query('example.com'), door.address().port, '127.0.0.1')
  const [failure] = (await once(client, 'message')) as [Buffer]
  assert.equal(failure.readUInt16BE(2), 0x8182)
  client.send(query('localhost'), door.address().port, '127.0.0.1')
  const [local] = (await once(client, 'message')) as [Buffer]
  assert.deepEqual([...local.subarray(-4)], [127, 0, 0, 1])
  client.close()
  writeFileSync(
    file,
    'nameserver 192.0.2.1\n nameserver fe80::1%eth0\nnameserver 8.8.8.8\nnameserver 1.1.1.1',
  )
  assert.deepEqual(await upstreams(file), ['192.0.2.1', 'fe80::1%eth0', '8.8.8.8'])
  rmSync(directory, { recursive: true })
  assert.deepEqual(await upstreams(file), [])
})

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

test('a pod’s resolv.conf follows its policy and its own settings', () => {
  const metadata = { name: 'p', namespace: 'shop', uid: 'u', resourceVersion: '1' }
  const whole = { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' }
  const of = (spec: object) =>
    resolvConf({ apiVersion: 'v1', kind: 'Pod', metadata: whole, spec }, region)
  assert.equal(
    of({}),
    'search shop.svc.cluster.local svc.cluster.local cluster.local ap-northeast-1.compute.internal\n' +
      'nameserver 10.100.0.10\noptions ndots:5\n',
  )
  assert.equal(
    of({ dnsPolicy: 'Default' }),
    'search ap-northeast-1.compute.internal\nnameserver 192.168.0.2\n',
  )
  const dnsConfig = {
    nameservers: ['8.8.8.8'],
    searches: ['corp.example'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  }
  assert.equal(
    of({ dnsPolicy: 'None', dnsConfig }),
    'search corp.example\nnameserver 8.8.8.8\noptions ndots:2 edns0\n',
  )
  assert.match(of({ dnsConfig }), /nameserver 10\.100\.0\.10\nnameserver 8.*ndots:2 edns0\n$/s)
})
