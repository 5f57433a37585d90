/** A lab's life: what survives, what is refused, and in which words. */
import assert from 'node:assert/strict'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { awsPod, ok, podpassProgram, run, startTestLab } from './support/lab.ts'

const freePorts = ['--aws-port', '0', '--issuer-port', '0', '--kubernetes-port', '0']

test('state survives down and up, ports stay, and reset forgets', async () => {
  const home = mkdtempSync(join(tmpdir(), 'podpass-test-'))
  await using lab = await startTestLab({ home })
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  ok(await lab.aws('s3', 'mb', 's3://kept'))
  ok(await lab.kubectl('create', 'configmap', 'kept', '--from-literal=a=b'))
  const whoami = async () =>
    ok(await lab.kubectl('auth', 'whoami', '-o', 'jsonpath={.status.userInfo}')).stdout
  const before = await whoami()
  ok(await lab.podpass('down'))
  assert.equal((await lab.podpass('status')).code, 3)
  ok(await lab.podpass('up', '-d'))
  assert.match(ok(await lab.aws('s3', 'ls')).stdout, / kept$/m)
  assert.match(ok(await lab.kubectl('get', 'configmap', 'kept', '-o', 'yaml')).stdout, /a: b/)
  assert.equal(await whoami(), before)
  await lab.apply(awsPod('again'))
  assert.match(await lab.logsOfEnded('again'), /AccessDenied/)
  const refused = await lab.podpass('reset')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /error: podpass runs in .*\n +stop it first: +podpass down/)
  ok(await lab.podpass('down'))
  ok(await lab.podpass('reset'))
  assert.deepEqual(readdirSync(home), [])
})

test('kill -9 loses nothing that was answered, and the next up works', async () => {
  const home = mkdtempSync(join(tmpdir(), 'podpass-test-'))
  await using lab = await startTestLab({ home })
  ok(await lab.aws('s3', 'mb', 's3://durable'))
  ok(
    await lab.aws(
      'iam',
      'create-role',
      '--role-name',
      'durable',
      '--assume-role-policy-document',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    ),
  )
  const status = JSON.parse(ok(await lab.podpass('status', '-o', 'json')).stdout) as { pid: number }
  process.kill(status.pid, 'SIGKILL')
  ok(await lab.podpass('up', '-d'))
  assert.match(ok(await lab.aws('s3', 'ls')).stdout, / durable$/m)
  ok(await lab.aws('iam', 'get-role', '--role-name', 'durable'))
})

test('a second up on one home is refused with the way to use the first', async () => {
  await using lab = await startTestLab()
  const second = await lab.podpass('up', ...freePorts)
  assert.equal(second.code, 1)
  assert.match(second.stderr, /^error: podpass runs already in `.*` \(pid \d+\)$/m)
  assert.match(second.stderr, /podpass env/)
})

test('a port that another lab holds is named with that lab, one that a stranger holds without', async () => {
  await using lab = await startTestLab()
  const status = JSON.parse(ok(await lab.podpass('status', '-o', 'json')).stdout) as {
    awsPort: number
  }
  const home = mkdtempSync(join(tmpdir(), 'podpass-test-'))
  const up = (port: number) =>
    run(podpassProgram, ['up', '--home', home, '--issuer-port', '0', '--aws-port', String(port)])
  const byLab = await up(status.awsPort)
  assert.equal(byLab.code, 1)
  assert.match(
    byLab.stderr,
    new RegExp(
      `^error: port ${status.awsPort} is taken by another podpass \\(home ${lab.home}`,
      'm',
    ),
  )
  const stranger = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => stranger.once('listening', resolve))
  const { port } = stranger.address() as { port: number }
  const byStranger = await up(port)
  stranger.close()
  assert.match(
    byStranger.stderr,
    new RegExp(`^error: port ${port} is taken by another program$`, 'm'),
  )
  rmSync(home, { recursive: true })
})

test('damaged data is named, with the command that starts afresh', async () => {
  const home = mkdtempSync(join(tmpdir(), 'podpass-test-'))
  const up = () => run(podpassProgram, ['up', '--home', home, ...freePorts])
  writeFileSync(join(home, 'settings.json'), '{"format":1,')
  const settings = await up()
  assert.equal(settings.code, 1)
  assert.match(
    settings.stderr,
    /^error: `.*settings\.json` is damaged\n +start afresh: +podpass reset/m,
  )
  rmSync(join(home, 'settings.json'))
  writeFileSync(
    join(home, 'state.sqlite'),
    'not a database at all, but long enough to look like one',
  )
  const state = await up()
  assert.equal(state.code, 1)
  assert.match(state.stderr, /^error: `.*state\.sqlite` cannot be opened/m)
  assert.doesNotMatch(state.stderr, /at .*\.ts:\d+/)
  rmSync(home, { recursive: true })
})

test('keys are readable by their owner only, and nothing listens beyond loopback', async () => {
  await using lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  assert.equal(statSync(lab.home).mode & 0o077, 0)
  const names = [
    'credentials.json',
    'ca-key.pem',
    'sealing-keys.json',
    'kubeconfig',
    'settings.json',
  ]
  for (const name of names) {
    assert.equal(statSync(join(lab.home, name)).mode & 0o077, 0, name)
  }
  const { pid } = JSON.parse(ok(await lab.podpass('status', '-o', 'json')).stdout) as {
    pid: number
  }
  assert.deepEqual(listeningAddresses(pid), ['0100007F'])
})

test('the log holds no secret and no token', async () => {
  await using lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  await lab.apply(awsPod('logged'))
  await lab.logsOfEnded('logged')
  const log = readFileSync(join(lab.home, 'podpass.log'), 'utf8')
  const credentials = readFileSync(join(lab.home, 'credentials.json'), 'utf8')
  for (const [, secret = ''] of credentials.matchAll(/"secretAccessKey": "([^"]+)"/g)) {
    assert.ok(!log.includes(secret))
  }
  assert.doesNotMatch(log, /eyJ[\w-]+\.eyJ/)
})

test('a pod does not see the folder with the lab’s keys', async () => {
  await using lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  const container = {
    name: 'main',
    image: 'busybox',
    command: ['sh', '-c', `ls -A ${lab.home} && cat ${lab.home}/credentials.json`],
  }
  await lab.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'nosy' },
    spec: { restartPolicy: 'Never', containers: [container] },
  })
  assert.doesNotMatch(await lab.logsOfEnded('nosy'), /secretAccessKey|credentials\.json$/m)
})

/** Local addresses (hex, as the kernel shows them) on which a process and only it listens. */
function listeningAddresses(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [/socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '']
      } catch {
        return []
      }
    }),
  )
  const addresses = new Set<string>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state === '0A' && sockets.has(inode)) addresses.add(local.slice(0, local.indexOf(':')))
    }
  }
  return [...addresses]
}
