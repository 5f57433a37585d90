/**
 * STS over HTTP keep-alive: AssumeRoleWithWebIdentity with distinct tokens, and GetCallerIdentity. The server is a
 * process of its own with the audit log it has in life; figures are per CPU second of the server, and by the wall.
 * `--small` for the tests; `--only=web` or `--only=identity` for a profile (`--cpu-prof`).
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { openAuditLog } from '../src/audit/sqlite-audit-log.ts'
import { administrator, testAccount, testRegion } from '../src/aws/gateway/testing.ts'
import { startTestSts } from '../src/aws/sts/testing.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { signHeaders } from '../src/kernel/sigv4/sign.ts'

const isSmall = process.argv.includes('--small')
/** `--only=web`, `--only=identity`: one of the two, for a profile. */
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
const connections = isSmall ? 4 : 32
const tokensCount = isSmall ? 20 : 4000
const requestsCount = isSmall ? 100 : 40_000
const warmUp = isSmall ? 20 : 10_000

type Told = { port: number; now: number; tokens: string[] } | { cpuMicros: number }

async function server(): Promise<void> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const audit = openAuditLog({ path: ':memory:', limit: 10_000 })
  const sts = await startTestSts({ clock, audit, keepRecords: false })
  const tokens = Array.from({ length: tokensCount }, (_, n) =>
    sts.issuer.token(clock.now(), { jti: `${n}` }),
  )
  process.send?.({ port: sts.port, now: clock.now(), tokens } satisfies Told)
  // An orderly end, so that `--cpu-prof` is written.
  process.on('SIGTERM', () => process.exit())
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMicros: user + system } satisfies Told)
  })
}

async function ask(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message')
  child.send('cpu')
  const [told] = (await answer) as [Told]
  return 'cpuMicros' in told ? told.cpuMicros : 0
}

function post(port: number, body: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`POST / HTTP/1.1\r\n${head}\r\n${body}`)
}

/** Sends the requests in turn over the connections; returns the milliseconds that each took and how many were 200. */
async function load(port: number, requests: readonly Buffer[], count: number) {
  let next = 0
  let good = 0
  const times: number[] = []
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let sentAt = 0
      let pending = ''
      const send = (): void => {
        const request = requests[next % requests.length]
        if (next >= count || !request) {
          socket.end()
          resolve()
          return
        }
        next++
        sentAt = performance.now()
        socket.write(request)
      }
      socket.setEncoding('latin1')
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('data', (piece: string) => {
        pending += piece
        const end = pending.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0)
        if (pending.length < end + 4 + length) return
        if (pending.startsWith('HTTP/1.1 200')) good++
        pending = ''
        times.push(performance.now() - sentAt)
        send()
      })
    })
  await Promise.all(Array.from({ length: connections }, lane))
  return { times: times.sort((a, b) => a - b), good }
}

async function measure(
  name: string,
  child: ChildProcess,
  port: number,
  requests: readonly Buffer[],
) {
  await load(port, requests, warmUp)
  const cpuBefore = await ask(child)
  const started = performance.now()
  const { times, good } = await load(port, requests, requestsCount)
  const wallSeconds = (performance.now() - started) / 1000
  const cpuSeconds = ((await ask(child)) - cpuBefore) / 1e6
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
  const digest = createHash('sha256')
    .update(`${name} ${good}/${requestsCount}`)
    .digest('hex')
    .slice(0, 16)
  process.stdout.write(
    `${name}: ${Math.round(requestsCount / cpuSeconds)} per CPU second, ${Math.round(requestsCount / wallSeconds)}/s by the wall, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms at ${connections} connections, ${good} of ${requestsCount} good, hash ${digest}\n`,
  )
  if (good !== requestsCount) process.exitCode = 1
}

async function client(): Promise<void> {
  const args = process.argv.slice(2)
  const child = fork(import.meta.filename, ['--server', ...args], { execArgv: process.execArgv })
  const [told] = (await once(child, 'message')) as [Extract<Told, { port: number }>]
  const { port, now, tokens } = told
  const type = 'application/x-www-form-urlencoded; charset=utf-8'
  const web = tokens.map((WebIdentityToken) => {
    const RoleArn = `arn:aws:iam::${testAccount}:role/irsa`
    const form = {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn,
      RoleSessionName: 'bench',
      WebIdentityToken,
    }
    return post(port, new URLSearchParams(form).toString(), { 'content-type': type })
  })
  const body = 'Action=GetCallerIdentity&Version=2011-06-15'
  const identity = Array.from({ length: 1000 }, (_, n) => {
    const headers = {
      host: `127.0.0.1:${port}`,
      'content-type': type,
      'amz-sdk-invocation-id': `${n}`,
    }
    return post(
      port,
      body,
      signHeaders({
        method: 'POST',
        rawPath: '/',
        headers,
        region: testRegion,
        service: 'sts',
        credentials: administrator,
        at: now,
        body,
      }),
    )
  })
  if (!only || only === 'web') await measure('AssumeRoleWithWebIdentity', child, port, web)
  if (!only || only === 'identity') await measure('GetCallerIdentity', child, port, identity)
  child.kill()
}

await (process.argv.includes('--server') ? server() : client())
