/**
 * S3 over HTTP keep-alive, signed and authorised: PUT and GET by size, and lists of many keys. The server is a process of
 * its own; figures are by the wall and per CPU second of the server. `--small` for the tests.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog } from '../src/audit/segmented-audit-log.ts'
import { administrator, startTestGateway, testRegion } from '../src/aws/gateway/testing.ts'
import { s3Service } from '../src/aws/s3/service.ts'
import { openDiskStorage } from '../src/aws/s3/storage/disk-storage.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { signHeaders } from '../src/kernel/sigv4/sign.ts'

const isSmall = process.argv.includes('--small')
const connections = isSmall ? 4 : 16
const keysCount = isSmall ? 2_000 : 200_000
const bucket = 'bench'

type Told = { port: number; now: number } | { cpuMicros: number }

async function server(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'podpass-bench-s3-'))
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const storage = await openDiskStorage({ directory, clock })
  const audit = Object.assign(openAuditLog({ limit: 10_000 }), {
    records: [],
    last: undefined,
  })
  const service = s3Service({ storage, hosts: [] })
  const gateway = await startTestGateway({ services: [service], clock, audit })
  const facts = { account: '111122223333', region: testRegion, createdAt: 0, settings: {} }
  for (const name of [bucket, 'many']) {
    await storage.buckets.create({ ...facts, name, versioning: 'unset' })
  }
  await fill()
  process.send?.({ port: gateway.port, now: clock.now() } satisfies Told)
  process.on('message', (what) => {
    if (what === 'end') return void end()
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMicros: user + system } satisfies Told)
  })

  async function fill(): Promise<void> {
    const tooLarge = () => new Error()
    const plan = { algorithms: [], limit: 10, tooLarge }
    const object = { headers: {}, metadata: {}, storageClass: 'STANDARD', tags: {}, etag: 'e' }
    for (let from = 0; from < keysCount; from += 1000) {
      const puts = Array.from({ length: 1000 }, async (_, n) => {
        const staged = await storage.stage(nothing(), plan)
        const key = `folder-${String((from + n) % 100).padStart(3, '0')}/${from + n}`
        await storage.put('many', key, staged, object, { at: 0 })
      })
      await Promise.all(puts)
    }
  }

  async function end(): Promise<void> {
    await gateway[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
    process.disconnect()
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function cpuMicros(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message')
  child.send('cpu')
  const [told] = (await answer) as [Told]
  return 'cpuMicros' in told ? told.cpuMicros : 0
}

/** One signed request as it goes over the wire. */
function signed(
  at: { port: number; now: number },
  method: string,
  target: string,
  body = Buffer.alloc(0),
): Buffer {
  const [rawPath = '', rawQuery = ''] = target.split('?')
  const headers = signHeaders({
    method,
    rawPath,
    rawQuery,
    headers: { host: `127.0.0.1:${at.port}` },
    region: testRegion,
    service: 's3',
    credentials: administrator,
    at: at.now,
    body,
  })
  const lines = Object.entries({ ...headers, 'content-length': String(body.length) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`), body])
}

/** Sends the requests in turn over the connections; returns how many were answered 200, and the bytes of bodies. */
async function load(port: number, requests: readonly Buffer[], count: number) {
  let next = 0
  let good = 0
  let bytes = 0
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let head = ''
      let missing = -1
      const send = (): void => {
        if (next >= count) {
          socket.end()
          resolve()
          return
        }
        head = ''
        missing = -1
        socket.write(requests[next++ % requests.length] ?? '')
      }
      socket.on('error', reject)
      socket.on('connect', send)
      socket.on('data', (chunk) => {
        let rest = chunk.length
        if (missing < 0) {
          head += chunk.toString('latin1')
          const end = head.indexOf('\r\n\r\n')
          if (end < 0) return
          if (head.startsWith('HTTP/1.1 200')) good++
          missing = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
          rest = head.length - end - 4
        }
        bytes += rest
        missing -= rest
        if (missing === 0) send()
      })
    })
  await Promise.all(Array.from({ length: connections }, lane))
  return { good, bytes }
}

async function client(): Promise<void> {
  const child = fork(new URL(import.meta.url).pathname, ['--server', ...process.argv.slice(2)])
  const [told] = (await once(child, 'message')) as [Told]
  if (!('port' in told)) throw new Error('the server told no port')
  const hash = createHash('sha256')
  process.stdout.write(`${connections} connections, ${keysCount} keys to list\n`)
  const measure = async (name: string, requests: readonly Buffer[], count: number) => {
    await load(told.port, requests, Math.ceil(count / 10))
    const cpu = await cpuMicros(child)
    const start = performance.now()
    const { good, bytes } = await load(told.port, requests, count)
    const seconds = (performance.now() - start) / 1000
    const cpuSeconds = ((await cpuMicros(child)) - cpu) / 1e6
    if (good !== count) throw new Error(`${name}: ${good} of ${count} were answered 200`)
    hash.update(`${name} ${bytes}`)
    const figures = [count / seconds, count / cpuSeconds].map((n) => Math.round(n).toLocaleString())
    process.stdout.write(`${name}: ${figures[0]}/s, ${figures[1]} a CPU second\n`)
  }
  for (const [size, name, count] of [
    [4 << 10, '4 KiB', 20_000],
    [64 << 10, '64 KiB', 6_000],
    [1 << 20, '1 MiB', 600],
  ] as const) {
    const body = Buffer.alloc(size, 7)
    const of = (method: string) =>
      Array.from({ length: 200 }, (_, n) =>
        signed(told, method, `/${bucket}/${size}/${n}`, method === 'PUT' ? body : undefined),
      )
    await measure(`PUT ${name}`, of('PUT'), isSmall ? 200 : count)
    await measure(`GET ${name}`, of('GET'), isSmall ? 200 : count)
  }
  const page = signed(told, 'GET', '/many?list-type=2&prefix=folder-042%2F')
  await measure('LIST 1,000 keys', [page], isSmall ? 20 : 500)
  const folders = signed(told, 'GET', '/many?delimiter=%2F&list-type=2')
  await measure('LIST 100 prefixes', [folders], isSmall ? 20 : 1000)
  process.stdout.write(`result ${hash.digest('hex').slice(0, 16)}\n`)
  child.send('end')
  await once(child, 'exit')
}

await (process.argv.includes('--server') ? server() : client())
