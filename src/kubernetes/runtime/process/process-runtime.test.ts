import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { silentLog } from '../../../audit/log.ts'
import { type ContainerSpec, type Runtime, StartFailure } from '../runtime.ts'
import { createProcessRuntime } from './process-runtime.ts'
import { childrenOf } from './process-table.ts'

const path = '/usr/local/bin:/usr/bin:/bin'
const kinds = ['bubblewrap', 'unshare', 'none'] as const

for (const kind of kinds) {
  describe(`containers with isolation ${kind}`, () => {
    let home: string
    let runtime: Runtime
    before(async () => {
      home = mkdtempSync(join(tmpdir(), 'podpass-runtime-'))
      mkdirSync(join(home, 'keys'))
      writeFileSync(join(home, 'keys', 'secret'), 'secret')
      writeFileSync(join(home, 'keys', 'ca.pem'), 'certificate')
      runtime = await createProcessRuntime({
        path,
        hidden: [join(home, 'keys')],
        exposed: [join(home, 'keys', 'ca.pem')],
        isolation: kind,
        directory: home,
        log: silentLog,
      })
    })
    after(async () => {
      await runtime[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    })

    let count = 0
    async function start(script: string, more: Partial<ContainerSpec> = {}) {
      const privateDirectory = join(home, `container-${count++}`)
      mkdirSync(privateDirectory)
      const written = { stdout: '', stderr: '' }
      const lines = Promise.withResolvers<void>()
      const container = await runtime.start({
        label: 'ns/pod/c',
        argv: ['sh', '-c', script],
        environment: {},
        hostname: 'my-pod',
        mounts: [],
        privateDirectory,
        output: (stream, chunk) => {
          written[stream] += Buffer.from(chunk).toString()
          if (written.stdout.includes('ready\n')) lines.resolve()
        },
        ...more,
      })
      return { container, written, ready: lines.promise }
    }
    async function run(script: string, more?: Partial<ContainerSpec>) {
      const { container, written } = await start(script, more)
      const exit = await container.exit
      return { ...exit, ...written }
    }
    function volume(name: string, files: Record<string, string>) {
      const directory = join(home, `volume-${name}-${count++}`)
      mkdirSync(directory)
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text)
      return directory
    }

    test('is what was asked for, or says why not', () => {
      assert.equal(runtime.isolation.kind, kind)
      assert.equal(runtime.isolation.note === undefined, kind === 'bubblewrap')
    })

    test('the exit code, standard output and standard error are those of the command', async () => {
      const { exitCode, stdout, stderr } = await run('echo out; echo err >&2; exit 7')
      assert.deepEqual(
        { exitCode, stdout, stderr },
        { exitCode: 7, stdout: 'out\n', stderr: 'err\n' },
      )
    })

    test('an exit by signal n is 128+n', async () => {
      assert.equal((await run('kill -9 $$')).exitCode, 137)
    })

    test('nothing of our own environment is seen inside', async () => {
      const { stdout } = await run('env', { environment: { GREETING: 'hello' } })
      const names = stdout.split('\n').map((line) => line.split('=')[0] ?? '')
      assert.ok(names.includes('GREETING'))
      const expected = ['', 'GREETING', 'HOME', 'PATH', 'PWD', 'TMPDIR', 'SHLVL', '_', 'OLDPWD']
      assert.deepEqual(
        names.filter((name) => !expected.includes(name)),
        [],
      )
    })

    test('a command that is not there is refused before anything starts', async () => {
      await assert.rejects(start('', { argv: ['no-such-command'] }), (error: Error) => {
        assert.ok(error instanceof StartFailure)
        assert.match(error.message, /exec: "no-such-command": executable file not found in \$PATH/)
        return true
      })
    })

    test('a token file is read at the path that the environment names', async () => {
      const tokens = volume('token', { token: 'my-token' })
      const containerPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
      const { stdout } = await run('cat "$AWS_WEB_IDENTITY_TOKEN_FILE"', {
        environment: { AWS_WEB_IDENTITY_TOKEN_FILE: `${containerPath}/token` },
        mounts: [{ containerPath, hostPath: tokens, readOnly: true }],
      })
      assert.equal(stdout, 'my-token')
    })

    test('a volume may lie where the host has no such directory', async () => {
      const data = volume('data', { file: 'x' })
      const config = volume('config', { 'app.conf': 'y' })
      const { stdout, stderr } = await run(
        'cat /data/file /etc/podpass-test/app.conf; echo z > /data/out',
        {
          mounts: [
            { containerPath: '/data', hostPath: data, readOnly: false },
            { containerPath: '/etc/podpass-test', hostPath: config, readOnly: true },
          ],
        },
      )
      assert.equal(stdout, 'xy', stderr)
      assert.equal(readFileSync(join(data, 'out'), 'utf8'), 'z\n')
      assert.equal(existsSync('/data'), false)
    })

    test('SIGTERM reaches the command, which may end in its own way', async () => {
      const { container, ready } = await start(
        'trap "exit 3" TERM; echo ready; while :; do sleep 0.01; done',
      )
      await ready
      container.signal('SIGTERM')
      assert.equal((await container.exit).exitCode, 3)
    })

    test('SIGTERM ends a command that does not handle it', async () => {
      const { container } = await start('', { argv: ['sleep', '1000'] })
      container.signal('SIGTERM')
      assert.equal((await container.exit).exitCode, 143)
    })

    test('SIGKILL ends the command and its children in the background', async () => {
      const { container, ready } = await start('sleep 1000 & sleep 1000 & echo ready; wait')
      await ready
      const family = descendants(container.pid)
      assert.ok(family.length >= 2)
      container.signal('SIGKILL')
      assert.equal((await container.exit).exitCode, 137)
      await allGone(family)
    })

    test('children in the background do not outlive the command', async () => {
      const { exitCode, stdout } = await run('sleep 1000 & echo done')
      assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'done\n' })
    })

    test('a working directory is made when it is missing, and home can be written to', async () => {
      const { stdout, exitCode } = await run('echo x > "$HOME/file"; cat "$HOME/file"')
      assert.deepEqual({ stdout, exitCode }, { stdout: 'x\n', exitCode: 0 })
    })

    test('another command can be run inside, and sees the same files', async () => {
      const data = volume('exec', { file: 'inside' })
      const mounts = [{ containerPath: '/run/data', hostPath: data, readOnly: false }]
      const { container, ready } = await start('echo ready; sleep 1000', { mounts })
      await ready
      const signal = new AbortController().signal
      const spec: ContainerSpec = {
        label: '',
        argv: [],
        environment: {},
        hostname: 'my-pod',
        mounts,
        privateDirectory: join(home, `container-${count - 1}`),
        output: () => {},
      }
      const result = await runtime.execute(container, spec, ['cat', '/run/data/file'], signal)
      assert.deepEqual(result, { exitCode: 0, output: 'inside' })
      container.signal('SIGKILL')
      await container.exit
    })

    if (kind !== 'bubblewrap') return

    test('hidden directories are empty inside, save for what is exposed', async () => {
      const { stdout } = await run(`ls ${home}/keys; cat ${home}/keys/ca.pem`)
      assert.equal(stdout, 'ca.pem\ncertificate')
    })

    test('the secrets of the machine cannot be read, not even by root', async () => {
      const { stdout } = await run(
        'cat /etc/shadow; ls -A ~root/.ssh ~root/.aws 2>/dev/null | grep -v :',
      )
      assert.equal(stdout.trim(), '')
    })

    test('the host cannot be written to, while the root and /tmp can', async () => {
      const { exitCode, stderr } = await run(
        'mkdir /new && echo x > /tmp/x && ! touch /etc/x /usr/x 2>&1',
      )
      assert.equal(exitCode, 0, stderr)
      assert.equal(existsSync('/new'), false)
    })

    test('only the container and what started it is in its process list; its host name is the pod', async () => {
      const { stdout } = await run('ls /proc | grep -c "^[0-9]"; hostname; echo $$')
      const [count, hostname] = stdout.split('\n')
      assert.ok(Number(count) <= 5, count)
      assert.equal(hostname, 'my-pod')
    })

    test('runs as another user when told so, who finds the way to its volumes', async () => {
      const hostPath = volume('readable', { file: 'read' })
      const containerPath = '/var/run/secrets/deep/er'
      const { stdout } = await run(`id -u; id -g; cat ${containerPath}/file`, {
        user: { uid: 2234, gid: 2345, groups: [2346] },
        mounts: [{ containerPath, hostPath, readOnly: true }],
      })
      assert.equal(stdout, '2234\n2345\nread')
    })

    test('a working directory that nobody has is made', async () => {
      const { stdout } = await run('pwd', { workingDirectory: '/srv/app/deep' })
      assert.equal(stdout, '/srv/app/deep\n')
    })
  })
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)])
}

/** The kernel takes a moment to clear away what was killed; the test's own time limit is the deadline. */
async function allGone(family: readonly number[]): Promise<void> {
  while (family.some(isAlive)) await new Promise((resolve) => setImmediate(resolve))
}

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has reaped yet does not run any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
