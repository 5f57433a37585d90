/** `kubectl exec` and `kubectl cp` into running pods, with the real kubectl, as people look into a pod that is denied. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { Exec, KubeConfig, type V1Status } from '@kubernetes/client-node'
import { ok, startTestLab, type TestLab } from './support/lab.ts'

let lab: TestLab
const container = (name: string, more: object = {}) => ({
  name,
  image: 'busybox',
  command: ['sh', '-c', 'sleep 3600'],
  ...more,
})
const pod = (name: string, ...containers: object[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { serviceAccountName: 'my-sa', terminationGracePeriodSeconds: 0, containers },
})

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'demo'))
  ok(await lab.podpass('utils', 'associate-iam-oidc-provider', '--cluster', 'demo', '--approve'))
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  const account = ['create', 'iamserviceaccount', '--cluster', 'demo', '--name', 'my-sa']
  ok(await lab.podpass(...account, '--attach-policy-arn', policy, '--approve'))
  await lab.apply(pod('one', container('main')))
  const other = { securityContext: { runAsUser: 1234, runAsGroup: 1234 } }
  await lab.apply(pod('two', container('left'), container('right', other)))
  ok(await lab.kubectl('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s'))
})
after(async () => {
  await lab?.[Symbol.asyncDispose]()
})

const exec = (...args: string[]) => lab.kubectl('exec', ...args)

describe('kubectl exec', () => {
  test('shows the identity that the webhook gave the pod, and uses it', async () => {
    const { stdout } = ok(await exec('one', '--', 'env'))
    assert.match(stdout, /^AWS_ROLE_ARN=arn:aws:iam::\d{12}:role\/.*my-sa/m)
    const file = /^AWS_WEB_IDENTITY_TOKEN_FILE=(.*)$/m.exec(stdout)?.[1] ?? ''
    assert.match(ok(await exec('one', '--', 'cat', file)).stdout, /^eyJ/)
    const identity = ok(await exec('one', '--', 'aws', 'sts', 'get-caller-identity'))
    assert.match(identity.stdout, /assumed-role\/.*my-sa/)
    ok(await exec('one', '--', 'aws', 's3', 'ls'))
    const denied = await exec('one', '--', 'aws', 's3', 'mb', 's3://not-allowed')
    assert.notEqual(denied.code, 0)
    assert.match(denied.stderr, /AccessDenied.*s3:CreateBucket/)
  })

  test('keeps outputs apart, hands input on, and ends with the exit code of the command', async () => {
    const failing = await exec('one', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7')
    assert.deepEqual([failing.code, failing.stdout], [7, 'out\n'])
    assert.match(failing.stderr, /^err\ncommand terminated with exit code 7\n$/)
    const input = 'line\n'.repeat(100_000)
    const args = ['exec', '-i', 'one', '--', 'wc', '-l']
    const counted = ok(await lab.run('kubectl', args, { input }))
    assert.equal(counted.stdout.trim(), '100000')
    const long = ok(await exec('one', '--', 'seq', '200000'))
    assert.equal(long.stdout.length, 1_288_895)
  })

  test('gives a terminal, as large as the one it is called from', async () => {
    const script = 'until [ "$(stty size)" = "33 101" ]; do :; done; test -t 0 && echo "TERM=$TERM"'
    const line = `stty rows 33 cols 101; exec kubectl exec -it one -- sh -c '${script}'`
    const seen = ok(await lab.run('script', ['-qec', line, '/dev/null']))
    assert.match(seen.stdout, /TERM=xterm/)
  })

  test('is understood by the client library as by kubectl', async () => {
    const config = new KubeConfig()
    config.loadFromFile(lab.environment['KUBECONFIG'] ?? '')
    const env = Object.entries(lab.environment).map(([name, value]) => ({ name, value }))
    for (const { exec } of config.users) if (exec) Object.assign(exec, { env })
    const script = ['sh', '-c', 'tr a-z A-Z; echo err >&2; exit 6']
    const [out, err] = [new PassThrough(), new PassThrough()]
    const ended = Promise.withResolvers<V1Status>()
    const input = Readable.from(['some words'])
    const client = new Exec(config)
    await client.exec('default', 'one', 'main', script, out, err, input, false, ended.resolve)
    const status = await ended.promise
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '6' }])
    assert.equal(String(out.read()), 'SOME WORDS')
    assert.equal(String(err.read()), 'err\n')
  })

  test('enters the container that is meant, as its user, with no more rights than it has', async () => {
    const none = ok(await exec('two', '--', 'id', '-u'))
    assert.match(none.stderr, /Defaulted container "left" out of: left, right/)
    const user = await exec('two', '-c', 'right', '--', 'id', '-u')
    if (process.getuid?.() === 0) {
      assert.equal(ok(user).stdout, '1234\n')
      const capabilities = "grep -E '^(CapEff|NoNewPrivs)' /proc/self/status"
      const own = ok(await exec('one', '--', 'sh', '-c', capabilities)).stdout
      const first = ok(
        await exec('one', '--', 'sh', '-c', capabilities.replace('self', '2')),
      ).stdout
      assert.equal(own, first, 'what comes later has the rights of what came first')
    }
    const wrong = await exec('two', '-c', 'middle', '--', 'id')
    assert.match(wrong.stderr, /container middle (?:is not valid for|not found in) pod/)
  })

  test('says what is wrong in the words of a cluster', async () => {
    const missing = await exec('one', '--', 'no-such-command')
    assert.notEqual(missing.code, 0)
    assert.match(
      missing.stderr,
      /Internal error occurred: error executing command in container: failed to exec in container: .*exec: "no-such-command": executable file not found in \$PATH/,
    )
    const nowhere = await exec('three', '--', 'id')
    assert.match(nowhere.stderr, /Error from server \(NotFound\): pods "three" not found/)
  })

  test('is for those who may', async () => {
    const as = ['--as=system:serviceaccount:default:my-sa', 'exec', 'one', '--', 'id']
    const denied = await lab.kubectl(...as)
    assert.notEqual(denied.code, 0)
    assert.match(denied.stderr, /Forbidden|forbidden/)
  })
})

describe('kubectl run and attach', () => {
  const image = '--image=busybox'
  const runOnce = ['run', image, '--restart=Never', '--rm', '--quiet']

  test('a pod that is run for once reads what is typed, and its end is kubectl’s', async () => {
    const args = [...runOnce, '-i', 'once', '--', 'sh', '-c', 'wc -l; exit 3']
    const once = await lab.run('kubectl', args, { input: 'a\nb\n' })
    assert.equal(once.stdout.trim(), '2')
    assert.equal(once.code, 3)
    const line = `kubectl ${runOnce.join(' ')} -it typed -- sh -c 'read word; test -t 0 && echo "got $word"'`
    const typed = ok(await lab.run('script', ['-qec', line, '/dev/null'], { input: 'word\n' }))
    assert.match(typed.stdout, /got word/)
  })

  test('attaching shows what comes from then on', async () => {
    const more = {
      stdin: true,
      command: ['sh', '-c', 'while read line; do echo "heard $line"; done'],
    }
    await lab.apply(pod('listens', container('main', more)))
    ok(await lab.kubectl('wait', '--for=condition=Ready', 'pod/listens', '--timeout=60s'))
    const attached = lab.run('kubectl', ['attach', '-i', 'listens'], { input: 'one\ntwo\n' })
    while (!(await lab.kubectl('logs', 'listens')).stdout.includes('two')) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    ok(await lab.kubectl('delete', 'pod', 'listens', '--now'))
    assert.match((await attached).stdout, /heard one\nheard two\n/)
  })
})

test('kubectl cp brings files into a pod and back', async () => {
  const [there, back] = [join(lab.home, 'there.txt'), join(lab.home, 'back.txt')]
  const text = `${'content '.repeat(20_000)}end`
  writeFileSync(there, text)
  ok(await lab.kubectl('cp', there, 'one:/tmp/copied.txt'))
  ok(await lab.kubectl('cp', 'one:/tmp/copied.txt', back))
  assert.equal(readFileSync(back, 'utf8'), text)
})

test('a command does not outlive the one who asked for it', async () => {
  const command = `sleep 9${process.pid}`
  const isRunning = async () => (await lab.run('pgrep', ['-fx', `/.*/${command}`])).code === 0
  const asking = spawn('kubectl', ['exec', 'one', '--', ...command.split(' ')], {
    env: lab.environment,
    stdio: 'ignore',
  })
  while (!(await isRunning())) assert.equal(asking.exitCode, null)
  asking.kill('SIGKILL')
  while (await isRunning()) await new Promise((resolve) => setImmediate(resolve))
})
