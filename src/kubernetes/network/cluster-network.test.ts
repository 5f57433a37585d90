import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { networkAbility } from '../../../test/support/network.ts'
import { silentLog } from '../../audit/log.ts'
import { hostNetwork } from '../kubelet/pod-addresses.ts'
import type { KubernetesObject } from '../object.ts'
import { createProcessRuntime } from '../runtime/process/process-runtime.ts'
import { type ClusterNetwork, openClusterNetwork } from './cluster-network.ts'
import { LoopbackPorts } from './loopback-ports.ts'
import { nodePods } from './node-pods.ts'
import { probeNetwork } from './probe.ts'
import { isOutside, relay } from './relay.ts'

const able = await networkAbility()
const skip = 'why' in able
const run = promisify(execFile)
const node = '192.168.3.4'

function pod(name: string, spec: object = {}): KubernetesObject {
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1' }
  const creationTimestamp = '2026-01-01T00:00:00Z'
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, creationTimestamp }, spec }
}

async function open(ports = new LoopbackPorts()): Promise<ClusterNetwork> {
  if ('why' in able) throw new Error(able.why)
  const fixed = { region: 'ap-northeast-1', resolvConf: '/etc/resolv.conf', log: silentLog }
  return openClusterNetwork({ ...able, ...fixed, ports, apiPort: 1, random: () => 0 })
}

test('the probe says why a machine has no such networks', async () => {
  const machine = { find: () => '/bin/false', isRoot: true, platform: 'linux' }
  for (const [change, why] of [
    [{ platform: 'darwin' }, 'the machine has no network namespaces'],
    [{ isRoot: false }, 'podpass does not run as root'],
    [
      { find: (name: string) => (name === 'ip' ? undefined : '/bin/false') },
      '`ip` is not installed',
    ],
    [
      { find: (name: string) => (name === 'ip' ? '/bin/ip' : undefined) },
      'util-linux is not installed',
    ],
    [{}, 'unshare: 1'],
    [{ find: () => '/nowhere/none' }, 'unshare: spawn /nowhere/none ENOENT'],
  ] as const) {
    assert.deepEqual(await probeNetwork({ ...machine, ...change }), { why })
  }
})

test('pods reach what is beyond their cluster, but not this machine behind its back', () => {
  for (const address of ['8.8.8.8', '172.16.0.1', '10.1.2.3'])
    assert.ok(isOutside(address), address)
  const own = ['127.0.0.1', '169.254.169.254', '192.168.3.4', '10.100.0.9', '0.0.0.0', '224.0.0.1']
  for (const address of [...own, '::1', 'x']) assert.ok(!isOutside(address), address)
})

test('a relay carries both directions to their ends, and resets what has no target', async () => {
  const back = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  back.listen(0, '127.0.0.1')
  await once(back, 'listening')
  const { port } = back.address() as AddressInfo
  const door = createServer()
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  const at = (door.address() as AddressInfo).port
  let isThere = true
  using _relay = relay(door, () => (isThere ? { host: '127.0.0.1', port } : undefined))
  const client = connect({ port: at, host: '127.0.0.1' })
  client.end('there and back')
  let text = ''
  for await (const piece of client) text += piece
  assert.equal(text, 'there and back')
  isThere = false
  const [error] = await once(connect({ port: at, host: '127.0.0.1' }), 'error')
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  back.close()
})

/** What a shell in the pod reads from an address, or why it cannot. */
async function read(namespace: string, host: string, port: number): Promise<string> {
  const script = `exec 2>&1; cat </dev/tcp/${host}/${port}`
  const inside = [`--net=${namespace}`, '--', 'bash', '-c', script]
  const { stdout } = await run('nsenter', inside).catch((error) => error as { stdout: string })
  return stdout.trim()
}

const refused = /Connection refused/

test('pods know their node, the lab’s servers as they come, and each other', { skip }, async () => {
  const ports = new LoopbackPorts()
  await using network = await open(ports)
  using place = await network.openNode(node)
  using pods = nodePods({ network, node, host: hostNetwork(node) })
  const address = pods.take(pod('a'))
  assert.equal(address, '192.168.128.4')
  using sandbox = await pods.open(pod('a'), address)
  assert.ok(sandbox)
  const { namespace } = sandbox
  const agent = '169.254.170.23'
  assert.match(await read(namespace, agent, 80), refused)
  const [door] = await place.listen([{ host: agent, port: 80 }])
  const service = createServer((socket) => {
    socket.end(pods.podAt(socket.remoteAddress ?? '')?.metadata.name ?? 'nobody')
  })
  service.listen(door)
  assert.equal(await read(namespace, agent, 80), 'a')
  service.close()
  await once(service, 'close')
  assert.match(await read(namespace, agent, 80), refused)

  const lab = createServer((socket) => socket.end('lab'))
  lab.listen(0, '127.0.0.1')
  await once(lab, 'listening')
  const { port } = lab.address() as AddressInfo
  assert.match(await read(namespace, '127.0.0.1', port), refused)
  await ports.open(port)
  await ports.open(port)
  assert.equal(await read(namespace, '127.0.0.1', port), 'lab')
  using other = await pods.open(pod('b'), pods.take(pod('b')))
  assert.equal(await read(other?.namespace ?? '', '127.0.0.1', port), 'lab')
  await ports.close(port)
  assert.equal(await read(namespace, '127.0.0.1', port), 'lab')
  await ports.close(port)
  assert.match(await read(namespace, '127.0.0.1', port), /reset by peer/)
  lab.close()

  await assert.rejects(sandbox.connect(address, 8080), { code: 'ECONNREFUSED' })
  assert.equal(await pods.open(pod('h', { hostNetwork: true }), '127.67.4.1'), undefined)
  assert.match(pods.take(pod('h', { hostNetwork: true })), /^127\./)
})

test('networks side by side have the same addresses and know nothing of each other', {
  skip,
}, async () => {
  await using one = await open()
  await using two = await open()
  const names: string[] = []
  for (const [network, name] of [
    [one, 'one'],
    [two, 'two'],
  ] as const) {
    const place = await network.openNode(node)
    const pods = nodePods({ network, node, host: hostNetwork(node) })
    const sandbox = await pods.open(pod(name), pods.take(pod(name)))
    const [door] = await place.listen([{ host: '169.254.169.254', port: 80 }])
    const service = createServer((socket) => socket.end(name)).listen(door)
    names.push(await read(sandbox?.namespace ?? '', '169.254.169.254', 80))
    service.close()
    for (const part of [sandbox, pods, place]) part?.[Symbol.dispose]()
  }
  assert.deepEqual(names, ['one', 'two'])
})

test('where nobody is in the place of a node, its services are refused', { skip }, async () => {
  await using network = await open()
  const { address } = await network.nobody()
  using pods = nodePods({ network, node: address, host: hostNetwork(node) })
  using sandbox = await pods.open(pod('a'), pods.take(pod('a')))
  const { namespace = '' } = sandbox ?? {}
  for (const service of ['169.254.169.254', '169.254.170.23', '169.254.0.9']) {
    assert.match(await read(namespace, service, 80), refused)
  }
})

for (const isolation of ['bubblewrap', 'unshare'] as const) {
  test(`a container and what is run inside it are in the pod's network (isolation ${isolation})`, {
    skip,
  }, async () => {
    await using network = await open()
    using pods = nodePods({ network, node, host: hostNetwork(node) })
    using sandbox = await pods.open(pod('a'), pods.take(pod('a')))
    const directory = mkdtempSync(join(tmpdir(), 'podpass-network-'))
    const path = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    await using runtime = await createProcessRuntime({ path, directory, isolation, log: silentLog })
    const { promise: first, resolve } = Promise.withResolvers<string>()
    const spec = {
      label: 'inside',
      argv: ['sh', '-c', 'readlink /proc/self/ns/net; exec sleep 1000'],
      environment: {},
      hostname: 'inside',
      mounts: [],
      network: { namespace: sandbox?.namespace ?? '', mayChange: false },
      privateDirectory: directory,
      output: (_stream: string, chunk: Uint8Array) => resolve(Buffer.from(chunk).toString().trim()),
    }
    const container = await runtime.start(spec)
    const { signal } = new AbortController()
    const readlink = ['readlink', '/proc/self/ns/net']
    let output = ''
    await runtime.execute(container, spec, readlink, {
      output: (_stream, chunk) => {
        output += Buffer.from(chunk).toString()
      },
      signal,
    })
    assert.equal(output.trim(), await first)
    assert.notEqual(output.trim(), readlinkSync('/proc/self/ns/net'))
    container.signal('SIGKILL')
    await container.exit
    rmSync(directory, { recursive: true })
  })
}
