/**
 * STS over HTTP keep-alive: AssumeRoleWithWebIdentity with distinct tokens, and GetCallerIdentity. The server is a
 * process of its own with the audit log it has in life; figures are per CPU second of the server, by the wall, and in
 * RSA checks of the same minute. moto is measured beside, where it is there (it checks neither tokens nor signatures).
 * `--small` for the tests, without moto; `--only=web` or `--only=identity` for a profile (`--cpu-prof`).
 */
import { fork } from 'node:child_process'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog } from '../src/audit/segmented-audit-log.ts'
import { administrator, testAccount, testRegion } from '../src/aws/gateway/testing.ts'
import { startTestSts } from '../src/aws/sts/testing.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { signHeaders } from '../src/kernel/sigv4/sign.ts'
import {
  answerCpu,
  childCpu,
  compare,
  type Figures,
  measure,
  post,
  type Served,
} from './http-load.ts'
import { startMoto } from './moto.ts'

const isSmall = process.argv.includes('--small')
/** `--only=web`, `--only=identity`: one of the two, for a profile. */
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
/** The warm-up is long: a server lives for weeks, and its code is as quick as it gets only after some 100,000 requests. */
const load = isSmall
  ? { connections: 4, count: 100, warmUp: 20 }
  : { connections: 32, count: 40_000, warmUp: 100_000 }
/** moto serves a few hundred a second, and gets no quicker with time. */
const motoLoad = { connections: 32, count: 2_000, warmUp: 200 }
const tokensCount = isSmall ? 20 : 4000

type Told = { port: number; now: number; tokens: string[] }

async function server(): Promise<void> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const folder = mkdtempSync(join(tmpdir(), 'podpass-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  const audit = openAuditLog({ folder, limit: 50_000 })
  const sts = await startTestSts({ clock, audit, keepRecords: false })
  const tokens = Array.from({ length: tokensCount }, (_, n) =>
    sts.issuer.token(clock.now(), { jti: `${n}` }),
  )
  process.send?.({ port: sts.port, now: clock.now(), tokens } satisfies Told)
  answerCpu()
}

/** The requests of both measures, made for a server at `port`. */
function requestsFor(port: number, now: number, tokens: readonly string[]) {
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
  return { AssumeRoleWithWebIdentity: web, GetCallerIdentity: identity }
}

/** CPU microseconds of one RSA-2048 signature check in a loop of its own. */
function rsaMicros(): number {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const texts = Array.from({ length: isSmall ? 10 : 500 }, (_, n) =>
    Buffer.from(`${n}`.padEnd(500)),
  )
  const signed = texts.map((text) => ({ text, signature: sign('sha256', text, privateKey) }))
  const round = () =>
    signed.every(({ text, signature }) => verify('sha256', text, publicKey, signature))
  const rounds = isSmall ? 1 : 20
  for (let n = 0; n < rounds; n++) round()
  const before = process.cpuUsage()
  for (let n = 0; n < rounds; n++) round()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (rounds * signed.length)
}

async function client(): Promise<void> {
  const args = process.argv.slice(2)
  const child = fork(import.meta.filename, ['--server', ...args], { execArgv: process.execArgv })
  const [told] = (await once(child, 'message')) as [Told]
  const { port, now, tokens } = told
  const server: Served = { port, cpuMicros: () => childCpu(child) }
  const ours = new Map<string, Figures>()
  for (const [name, requests] of Object.entries(requestsFor(port, now, tokens))) {
    if (only && !name.toLowerCase().includes(only)) continue
    const before = rsaMicros()
    const figures = await measure(name, server, requests, load)
    ours.set(name, figures)
    // The machine's speed changes from minute to minute: the check that nothing can spare says how fast it was.
    const alone = (before + rsaMicros()) / 2
    const share = 1e6 / figures.perCpuSecond / alone
    process.stdout.write(
      `RSA-2048 verification alone, just before and after: ${Math.round(1e6 / alone)} per CPU second (${alone.toFixed(1)} µs); ${name} costs ${share.toFixed(2)} of them\n`,
    )
  }
  child.kill()
  if (isSmall || only) return
  await using moto = await startMoto()
  if (!moto) return
  const requests = Object.entries(requestsFor(moto.port, now, tokens))
  for (const [name, theirs] of requests) {
    const figures = await measure(`moto's ${name}`, moto, theirs, motoLoad)
    const own = ours.get(name)
    if (own) compare(name, own, figures)
  }
}

await (process.argv.includes('--server') ? server() : client())
