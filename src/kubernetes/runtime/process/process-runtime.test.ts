import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { silentLog } from '../../../audit/log.ts'
import {
  type ContainerProcess,
  type ContainerSpec,
  type ExecStreams,
  type Runtime,
  StartFailure,
  type TerminalSize,
} from '../runtime.ts'
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
          if (/ready\r?\n/.test(written.stdout)) lines.resolve()
        },
        ...more,
      })
      return { container, written, ready: lines.promise }
    }
    async function execute(
      container: ContainerProcess,
      argv: readonly string[],
      more: Partial<ContainerSpec> = {},
      streams: Partial<ExecStreams> = {},
    ) {
      const written = { stdout: '', stderr: '' }
      const spec: ContainerSpec = {
        label: '',
        argv: [],
        environment: {},
        hostname: 'my-pod',
        mounts: [],
        privateDirectory: join(home, `container-${count - 1}`),
        output: () => {},
        ...more,
      }
      const { exitCode } = await runtime.execute(container, spec, argv, {
        output: (stream, chunk) => {
          written[stream] += Buffer.from(chunk).toString()
        },
        signal: new AbortController().signal,
        ...streams,
      })
      return { exitCode, ...written }
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
      const result = await execute(container, ['cat', '/run/data/file'], { mounts })
      assert.deepEqual(result, { exitCode: 0, stdout: 'inside', stderr: '' })
      container.signal('SIGKILL')
      await container.exit
    })

    test('what is run inside reads its input, writes to both outputs, ends with its own code', async () => {
      const { container, ready } = await start('echo ready; sleep 1000')
      await ready
      const script = 'tr a-z A-Z; echo wrong >&2; exit 3'
      const input = Readable.from(['some ', 'words'])
      const result = await execute(container, ['sh', '-c', script], {}, { input })
      assert.deepEqual(result, { exitCode: 3, stdout: 'SOME WORDS', stderr: 'wrong\n' })
      // More than fits into any pipe, and a reader that stops early.
      const big = Readable.from([Buffer.alloc(4_000_000, 'x')])
      const counted = await execute(container, ['wc', '-c'], {}, { input: big })
      assert.equal(counted.stdout.trim(), '4000000')
      const left = Readable.from([Buffer.alloc(4_000_000, 'x')])
      const one = await execute(container, ['head', '-c', '1'], {}, { input: left })
      assert.deepEqual(one, { exitCode: 0, stdout: 'x', stderr: '' })
      await assert.rejects(execute(container, ['no-such-command']), (error: Error) => {
        assert.ok(error instanceof StartFailure)
        assert.match(error.message, /^OCI runtime exec failed: .*"no-such-command": .*not found/)
        return true
      })
      const abort = new AbortController()
      const output = () => abort.abort()
      const endless = ['sh', '-c', 'echo here; sleep 1000']
      const { exitCode } = await execute(container, endless, {}, { output, signal: abort.signal })
      assert.equal(exitCode, 137)
      container.signal('SIGKILL')
      await container.exit
    })

    test('what is run inside may have a terminal, of the size that it is given', async () => {
      const { container, ready } = await start('echo ready; sleep 1000')
      await ready
      const input = new PassThrough()
      const terminal = {
        onSize(listener: (size: TerminalSize) => void) {
          listener({ columns: 91, rows: 17 })
        },
      }
      // Says when it has the size; then echoes what is typed.
      const script =
        'until [ "$(stty size)" = "17 91" ]; do :; done; test -t 0 && test -t 1 && echo sized; cat'
      let seen = ''
      const output = (_: string, chunk: Uint8Array) => {
        seen += Buffer.from(chunk).toString()
        if (seen.includes('sized') && !input.writableEnded) input.end('typed\r\x04')
      }
      const { exitCode } = await execute(
        container,
        ['sh', '-c', script],
        {},
        { input, output, terminal },
      )
      assert.equal(exitCode, 0)
      assert.match(seen, /^sized\r\ntyped\r\ntyped\r\n/)
      container.signal('SIGKILL')
      await container.exit
    })

    test('a container keeps its input open, and may run at a terminal', async () => {
      const reading = await start('cat; echo end', { hasInput: true })
      reading.container.input?.end('some input\n')
      assert.equal((await reading.container.exit).exitCode, 0)
      assert.equal(reading.written.stdout, 'some input\nend\n')
      const script = 'until [ "$(stty size)" = "12 34" ]; do :; done; echo ready; read line; exit 5'
      const talking = await start(script, { hasInput: true, hasTerminal: true })
      talking.container.resize({ columns: 34, rows: 12 })
      await talking.ready
      talking.container.input?.write('typed\r')
      assert.equal((await talking.container.exit).exitCode, 5)
      assert.equal(talking.written.stdout, 'ready\r\ntyped\r\n')
      const ending = await start('echo ready; sleep 1000', { hasTerminal: true, hasInput: true })
      await ending.ready
      ending.container.signal('SIGTERM')
      assert.notEqual((await ending.container.exit).exitCode, 0)
      const killed = await start('echo ready; sleep 1000', { hasTerminal: true, hasInput: true })
      await killed.ready
      killed.container.signal('SIGKILL')
      assert.equal((await killed.container.exit).exitCode, 137)
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
