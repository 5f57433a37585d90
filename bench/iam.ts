/**
 * IAM from 10 roles to 100,000: what a role costs in memory, and whether questions and writes stay as quick.
 * Each size is measured in a process of its own, so that what one left behind never counts for the next; a second is one
 * of CPU. A thousand roles are in use, spread evenly over all. Then a thousand roles over HTTP, moto beside us.
 * Run: `node --expose-gc bench/iam.ts [--small]`.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { type Iam, openIam } from '../src/aws/iam/iam.ts'
import type { AwsRequest, Call } from '../src/aws/operation.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { measureOverHttp } from './iam-http.ts'
import { account, fill, heap, nameOf, trustPolicy } from './roles.ts'

const small = process.argv.includes('--small')
const sizes = small ? [10, 5_000] : [10, 1_000, 100_000]
/** `--size=N`: what a child process measures. */
const only = process.argv.find((argument) => argument.startsWith('--size='))?.slice(7)
const seconds = small ? 0.03 : 1
const clock = new ManualClock()
const print = (line: string) => process.stdout.write(`${line}\n`)

/** CPU seconds of the whole process, collection of garbage too: a busy neighbour does not count, as it would by the clock. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Calls a CPU second, the best of three rounds. */
function rate(once: (index: number) => unknown): number {
  let best = 0
  let done = 0
  for (let round = 0; round < 3; round += 1) {
    const [start, used] = [performance.now(), cpuSeconds()]
    let calls = 0
    while (performance.now() - start < seconds * 1000) {
      for (let batch = 0; batch < 100; batch += 1) once(done++)
      calls += 100
    }
    best = Math.max(best, calls / (cpuSeconds() - used))
  }
  return best
}

/** Calls the service as the gateway does, without the network: parse, handle, write. */
function caller(iam: Iam, administrator: string) {
  const call = { account, at: clock.now(), requestId: 'r', region: 'us-west-2' } as Call
  const key = iam.identities.accessKey(administrator)
  const whole = { ...call, caller: key?.caller } as Call
  const request = { headers: new Map() } as unknown as AwsRequest
  return (fields: Record<string, string>) => {
    const form = new URLSearchParams({ Version: '2010-05-08', ...fields })
    const bound = iam.service.match(request, form)
    const input = bound.parse(request, new Uint8Array(), undefined)
    void bound.needs(input, whole)
    const output = bound.handle(input, whole)
    return { output, write: (result: unknown) => bound.write(result, whole).body as string }
  }
}

async function measure(count: number): Promise<void> {
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  await fill(store, count)
  const before = await heap()
  const opening = performance.now()
  await using iam = openIam({ store, clock, quotas: { rolesPerAccount: 1_000_000 } })
  const opened = performance.now() - opening
  const perRole = ((await heap()) - before) / count
  const { administratorKeys } = await iam.createAccount({ id: account })
  const invoke = caller(iam, administratorKeys.accessKeyId)

  const arns = Array.from({ length: 1_000 }, (_, index) => {
    return `arn:aws:iam::${account}:role/${nameOf(Math.floor((index * count) / 1_000))}`
  })
  const roles = rate((index) => iam.identities.role(arns[index % 1_000] ?? ''))
  const keys = rate(() => iam.identities.accessKey(administratorKeys.accessKeyId))
  const get = rate((index) => {
    const { output, write } = invoke({
      Action: 'GetRole',
      RoleName: (arns[index % 1_000] ?? '').split('/')[1] ?? '',
    })
    return write(output)
  })
  const marker = Buffer.from(`1:${nameOf(Math.floor(count / 2))}`).toString('base64url')
  const list = rate(() => {
    const { output, write } = invoke({ Action: 'ListRoles', MaxItems: '5', Marker: marker })
    return write(output)
  })
  const created = cpuSeconds()
  const batch = small ? 200 : 2_000
  await Promise.all(
    Array.from({ length: batch }, (_, index) => {
      return invoke({
        Action: 'CreateRole',
        RoleName: `new-${index}`,
        AssumeRolePolicyDocument: trustPolicy('new'),
      }).output
    }),
  )
  const creations = batch / (cpuSeconds() - created)

  const facts = iam.identities.role(arns[500] ?? '')
  const cells = [count, perRole, opened, roles, keys, get, list, creations]
  print(cells.map((cell) => Math.round(cell).toLocaleString('en').padStart(14)).join(''))
  print(JSON.stringify([facts?.name, facts?.identityPolicies.length, facts?.trustPolicy]))
}

async function measureAll(): Promise<void> {
  const hash = createHash('sha256')
  const titles = ['roles', 'bytes/role', 'open ms', 'role()/s', 'accessKey()/s', 'GetRole/s']
  print([...titles, 'ListRoles/s', 'CreateRole/s'].map((title) => title.padStart(14)).join(''))
  for (const size of sizes) {
    const args = [...process.execArgv, ...process.argv.slice(1), `--size=${size}`]
    const [row = '', facts = ''] = execFileSync(process.execPath, args, { encoding: 'utf8' }).split(
      '\n',
    )
    print(row)
    hash.update(facts)
  }
  const loading = performance.now()
  const { openAwsManagedPolicies } = await import('../src/aws/iam/managed-policies.ts')
  const managed = openAwsManagedPolicies()
  const imported = performance.now()
  const count = managed.list().length
  print(
    `AWS managed policies: ${count}, import ${(imported - loading).toFixed(1)} ms, first list ${(performance.now() - imported).toFixed(1)} ms`,
  )
  print(`result ${hash.digest('hex').slice(0, 16)}`)
  if (!small) await measureOverHttp()
}

await (only ? measure(Number(only)) : measureAll())
