/** IAM over HTTP with a thousand roles, moto beside it: roles made, shown and listed. A part of `bench/iam.ts`. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { startTestGateway, testRegion } from '../src/aws/gateway/testing.ts'
import { openIam } from '../src/aws/iam/iam.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { type SigningCredentials, signHeaders } from '../src/kernel/sigv4/sign.ts'
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { compare, type Figures, measure, post } from './http-load.ts'
import { startMoto } from './moto.ts'

interface Ready {
  readonly port: number
  readonly now: number
  readonly keys: SigningCredentials
}

const rolesCount = 1_000
const connections = 16

async function server(): Promise<void> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const iam = openIam({ store, clock, quotas: { rolesPerAccount: 1_000_000 } })
  const { administratorKeys: keys } = await iam.createAccount({ id: '111122223333' })
  const { service, identities } = iam
  const gateway = await startTestGateway({
    ...{ services: [service], identities: identities as never, clock, keepRecords: false },
  })
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
  process.send?.({ port: gateway.port, now: clock.now(), keys } satisfies Ready)
}

async function cpuMicros(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message')
  child.send('cpu')
  const [told] = (await answer) as [number]
  return told
}

/** Each operation's requests, in the order in which they make sense, and how many of them to send. */
function requestsFor(port: number, { now, keys }: Ready) {
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      ...{ Effect: 'Allow', Action: 'sts:AssumeRole' },
      Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    },
  })
  const request = (fields: Readonly<Record<string, string>>): Buffer => {
    const body = new URLSearchParams({ Version: '2010-05-08', ...fields }).toString()
    const headers = {
      host: `127.0.0.1:${port}`,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    }
    const signed = signHeaders({
      ...{ method: 'POST', rawPath: '/', headers, body },
      ...{ region: testRegion, service: 'iam', credentials: keys, at: now },
    })
    return post(port, body, signed)
  }
  const names = Array.from({ length: rolesCount }, (_, n) => `service-${n}`)
  return {
    CreateRole: names.map((RoleName) =>
      request({ Action: 'CreateRole', RoleName, AssumeRolePolicyDocument: trust }),
    ),
    GetRole: names.map((RoleName) => request({ Action: 'GetRole', RoleName })),
    ListRoles: [request({ Action: 'ListRoles', MaxItems: '100' })],
  }
}

const counts = {
  CreateRole: { ours: rolesCount, motos: rolesCount },
  GetRole: { ours: 20_000, motos: 1_000 },
  ListRoles: { ours: 2_000, motos: 100 },
}

/** Prints what each operation costs here and with moto; without moto, here alone. */
export async function measureOverHttp(): Promise<void> {
  const child = fork(import.meta.filename, { execArgv: process.execArgv })
  const [ready] = (await once(child, 'message')) as [Ready]
  const here = { port: ready.port, cpuMicros: () => cpuMicros(child) }
  const ours = new Map<string, Figures>()
  for (const [name, requests] of Object.entries(requestsFor(ready.port, ready))) {
    const count = counts[name as keyof typeof counts].ours
    const warmUp = name === 'CreateRole' ? 0 : count / 4
    ours.set(name, await measure(name, here, requests, { count, warmUp, connections }))
  }
  child.kill()
  await using moto = await startMoto()
  if (!moto) return
  for (const [name, requests] of Object.entries(requestsFor(moto.port, ready))) {
    const load = { count: counts[name as keyof typeof counts].motos, warmUp: 0, connections }
    const figures = await measure(`moto's ${name}`, moto, requests, load)
    const own = ours.get(name)
    if (own) compare(name, own, figures)
  }
}

if (import.meta.main) await server()
