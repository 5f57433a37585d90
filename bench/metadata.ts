/**
 * Instance metadata: a pod's credentials with a version 2 token, a connection each as EC2's service closes it, beside the
 * same answer from node:http with nothing behind it. The server is a process of its own; figures are per CPU second of it,
 * and by the wall. `--small` for the tests.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLog } from '../src/audit/log.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { startInstanceMetadata } from '../src/node/instance-metadata.ts'
import { answerCpu, childCpu, measure } from './http-load.ts'

const isSmall = process.argv.includes('--small')
const load = isSmall
  ? { connections: 4, count: 100, warmUp: 20 }
  : { connections: 32, count: 40_000, warmUp: 10_000 }
const role = 'latest/meta-data/iam/security-credentials/node-role'

type Told = { base: string; bare: number }

async function server(): Promise<void> {
  const clock = new ManualClock()
  const metadata = await startInstanceMetadata({
    host: '127.0.0.1',
    port: 0,
    clock,
    log: silentLog,
    instance: {
      instanceId: 'i-0123456789abcdef0',
      instanceType: 'm5.large',
      privateIp: '192.168.1.2',
      hostname: 'ip-192-168-1-2.ap-northeast-1.compute.internal',
      account: '111122223333',
      region: 'ap-northeast-1',
      availabilityZone: 'ap-northeast-1a',
    },
    roleArn: 'arn:aws:iam::111122223333:role/node-role',
    clusterName: 'demo',
    options: () => ({ httpTokens: 'required' }),
    credentials: ({ durationSeconds }) => ({
      accessKeyId: 'ASIAAAAAAAAAAAAAAAAA',
      secretAccessKey: 's'.repeat(40),
      sessionToken: 't'.repeat(700),
      expiration: clock.now() + durationSeconds * 1000,
    }),
  })
  const pod = { metadata: { name: 'p', namespace: 'default', uid: 'u-1' }, spec: {} }
  const base = await metadata.endpointFor(pod)
  const bare = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' })
    response.end('x'.repeat(950))
  }).listen(0, '127.0.0.1')
  await once(bare, 'listening')
  process.send?.({ base, bare: (bare.address() as AddressInfo).port } satisfies Told)
  answerCpu()
}

async function client(): Promise<void> {
  const child = fork(import.meta.filename, ['--server'], { execArgv: process.execArgv })
  const [told] = (await once(child, 'message')) as [Told]
  const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }
  const put = await fetch(`${told.base}latest/api/token`, { method: 'PUT', headers: ttl })
  const token = await put.text()
  const request = Buffer.from(
    `GET /${role} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-aws-ec2-metadata-token: ${token}\r\n\r\n`,
  )
  const served = (port: number) => ({ port, cpuMicros: () => childCpu(child) })
  const ours = await measure(
    'credentials',
    served(Number(new URL(told.base).port)),
    [request],
    load,
  )
  const bare = await measure('node:http alone', served(told.bare), [request], load)
  const share = (ours.perCpuSecond / bare.perCpuSecond).toFixed(2)
  process.stdout.write(`credentials: ${share} of what node:http alone does\n`)
  child.kill()
}

await (process.argv.includes('--server') ? server() : client())
