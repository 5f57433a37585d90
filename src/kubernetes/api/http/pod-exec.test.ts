import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import type { NodeAgent } from '../../cluster-client.ts'
import { nodes, pods, serviceAccounts } from '../../resources.ts'
import { StartFailure, type TerminalSize } from '../../runtime/runtime.ts'
import { startHttpTest } from './testing.ts'

let api: Awaited<ReturnType<typeof startHttpTest>>
const sizes: TerminalSize[] = []
const aborted: string[] = []

/** `cat` gives its input back, `wait` waits to be aborted, all else is not there. */
const agent: NodeAgent = {
  logs: () => undefined,
  async attach(_namespace, _pod, container, { input, output }) {
    await output('stdout', Buffer.from(`${container} says `))
    for await (const chunk of input ?? []) await output('stdout', chunk)
  },
  async exec(_namespace, _pod, container, argv, { input, output, terminal, signal }) {
    terminal?.onSize((size) => sizes.push(size))
    if (argv[0] === 'cat') {
      for await (const chunk of input ?? []) await output('stdout', chunk)
      await output('stderr', Buffer.from(`end of ${container}`))
      return { exitCode: Number(argv[1] ?? 0) }
    }
    if (argv[0] !== 'wait') throw new StartFailure(`exec: "${argv[0]}"`)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    aborted.push(argv[1] ?? '')
    return { exitCode: 137 }
  },
}

const running = (name: string) => ({
  phase: 'Running',
  containerStatuses: [{ name, state: { running: {} }, ready: true, restartCount: 0, image: 'i' }],
})

async function start() {
  const started = await startHttpTest({ nodeAgent: () => agent })
  const { client } = started.server
  await client.create(serviceAccounts, 'default', { metadata: { name: 'default' } })
  await client.create(nodes, undefined, { metadata: { name: 'node-1' } })
  for (const [name, status] of [
    ['p', running('c')],
    ['starting', { phase: 'Pending' }],
  ] as const) {
    const spec = { containers: [{ name: 'c', image: 'i' }] }
    await client.create(pods, 'default', { metadata: { name }, spec })
    await client.bind('default', name, 'node-1')
    await client.modify(pods, 'default', name, (pod) => ({ ...pod, status }), 'status')
  }
  return started
}

before(async () => {
  api = await start()
})
after(() => api[Symbol.asyncDispose]())

const path = (query: string, pod = 'p', what = 'exec') =>
  `/api/v1/namespaces/default/pods/${pod}/${what}?${query}`

/** A client that speaks as kubectl does; `seen` is what came on each channel. */
function connect(query: string, protocol = 'v5.channel.k8s.io', of = api, what = 'exec') {
  const url = of.server.url.replace('https', 'wss') + path(query, 'p', what)
  const socket = new WebSocket(url, protocol, { ...of.admin, ca: of.server.caPem })
  const seen: string[][] = []
  socket.on('message', (data: Buffer) => {
    const channel = data[0] ?? 0
    seen[channel] = [...(seen[channel] ?? []), data.subarray(1).toString()]
  })
  const send = (channel: number, data: string | Buffer) =>
    socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]))
  const closed = once(socket, 'close').then(([code]) => Number(code))
  const status = () => JSON.parse(seen[3]?.join('') || '{}')
  return { socket, seen, send, closed, status, opened: once(socket, 'open') }
}

const all = 'stdin=true&stdout=true&stderr=true'

describe('pods/exec over a WebSocket', () => {
  test('carries input, outputs and the end of the command', async () => {
    const { seen, send, opened, closed, status } = connect(`${all}&command=cat`)
    await opened
    send(0, 'some ')
    send(0, 'input')
    send(255, Buffer.of(0))
    assert.equal(await closed, 1000)
    assert.equal(seen[1]?.[0], '', 'the streams are said to be there')
    assert.equal(seen[1]?.join(''), 'some input')
    assert.equal(seen[2]?.join(''), 'end of c')
    assert.deepEqual(status(), { metadata: {}, status: 'Success' })
  })

  test('tells the exit code, and why a command did not start', async () => {
    const failing = connect(`${all}&command=cat&command=3`)
    await failing.opened
    failing.send(255, Buffer.of(0))
    await failing.closed
    assert.equal(failing.status().reason, 'NonZeroExitCode')
    assert.deepEqual(failing.status().details, {
      causes: [{ reason: 'ExitCode', message: '3' }],
    })
    const missing = connect(`${all}&command=nothing`, 'v4.channel.k8s.io')
    await missing.closed
    assert.equal(missing.status().code, 500)
    assert.match(missing.status().message, /failed to start exec: exec: "nothing"/)
  })

  test('attaches to what the container itself reads and writes', async () => {
    const url = `${all}&container=c`
    const { seen, send, opened, closed, status } = connect(url, undefined, api, 'attach')
    await opened
    send(0, 'hello')
    send(255, Buffer.of(0))
    await closed
    assert.equal(seen[1]?.join(''), 'c says hello')
    assert.deepEqual(status(), { metadata: {}, status: 'Success' })
  })

  test('carries only what was asked for; a terminal has one output and sizes', async () => {
    const { seen, send, opened, closed } = connect(
      'stdin=true&stderr=true&stdout=true&tty=true&command=cat',
    )
    await opened
    send(4, '{"Width":100,"Height":40}')
    for (const none of [
      '',
      '{}',
      'null',
      '[1]',
      '{"Width":-1,"Height":1}',
      '{"Width":1e9,"Height":1}',
    ]) {
      send(4, none)
    }
    send(255, Buffer.of(0))
    await closed
    assert.deepEqual(sizes.splice(0), [{ columns: 100, rows: 40 }])
    assert.equal(seen[2], undefined)
    const quiet = connect('stderr=true&command=cat')
    await quiet.opened
    quiet.send(0, 'not wanted')
    quiet.send(255, Buffer.of(0))
    await quiet.closed
    assert.deepEqual([quiet.seen[1], quiet.seen[2]?.join('')], [undefined, 'end of c'])
  })

  test('passes over messages that mean nothing', async () => {
    const { socket, seen, send, opened, closed, status } = connect(`${all}&command=cat`)
    await opened
    socket.send('text')
    socket.send(Buffer.alloc(0))
    for (const channel of [1, 2, 3, 5, 77, 254]) send(channel, 'x')
    for (const stream of [Buffer.alloc(0), Buffer.of(1), Buffer.of(9, 9)]) send(255, stream)
    send(0, 'heard')
    send(255, Buffer.of(0))
    send(0, 'too late')
    await closed
    assert.equal(seen[1]?.join(''), 'heard')
    assert.equal(status().status, 'Success')
  })

  test('ends the command with the connection: by the client, a message too long, the server', async () => {
    const leaving = connect(`${all}&command=wait&command=left`)
    await leaving.opened
    leaving.socket.terminate()
    const long = connect(`${all}&command=wait&command=long`)
    await long.opened
    long.send(0, Buffer.alloc(5 * 1024 * 1024))
    assert.equal(await long.closed, 1009)
    while (aborted.length < 2) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(aborted.splice(0).sort(), ['left', 'long'])
    const other = await start()
    const ending = connect(`${all}&command=wait&command=server`, undefined, other)
    await ending.opened
    await other[Symbol.asyncDispose]()
    await ending.closed
    assert.deepEqual(aborted.splice(0), ['server'])
  })
})

describe('pods/exec refuses by HTTP', () => {
  const upgrade = (protocol: string) => ({
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    'Sec-WebSocket-Protocol': protocol,
  })
  const five = upgrade('v5.channel.k8s.io')
  const cases: [string, string, Record<string, string>, number, RegExp][] = [
    ['no upgrade', path(`${all}&command=cat`), {}, 400, /^Upgrade request required$/],
    [
      'SPDY',
      path(`${all}&command=cat`),
      { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' },
      400,
      /SPDY\/3\.1 is not spoken here/,
    ],
    [
      'a foreign protocol',
      path(`${all}&command=cat`),
      upgrade('v9'),
      400,
      /none of the protocols \[v9\]/,
    ],
    ['no command', path(all), five, 400, /specify a command/],
    ['no stream', path('command=cat'), five, 400, /at least 1 of stdin, stdout, stderr/],
    [
      'another container',
      path(`${all}&command=cat&container=x`),
      five,
      400,
      /container x is not valid for pod p/,
    ],
    [
      'a container that does not run',
      path(`${all}&command=cat`, 'starting'),
      five,
      500,
      /container not found \("c"\)/,
    ],
    ['no such pod', path(`${all}&command=cat`, 'none'), five, 404, /pods "none" not found/],
    ['another path', '/api/v1/nowhere', five, 404, /could not find/],
  ]
  for (const [name, url, headers, status, message] of cases) {
    test(name, async () => {
      const answer = await api.call(url, { headers, as: api.admin })
      assert.equal(answer.status, status, answer.text)
      assert.match(answer.json.message, message)
    })
  }

  test('whoever is nobody', async () => {
    const answer = await api.call(path(`${all}&command=cat`), { headers: five, as: 'nobody' })
    assert.equal(answer.status, 401)
  })
})
