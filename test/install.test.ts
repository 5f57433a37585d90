/** `tools/install.sh`: two that start together install once, with flock and without; a killed owner blocks nobody. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../tools/install.sh', import.meta.url))

/** Says that it runs, and is done when the file `go` is there. */
const npm = `#!/bin/sh
echo "$*" >>ran
while [ ! -e go ]; do sleep 0.05; done
mkdir -p node_modules && touch node_modules/.package-lock.json
`

interface Install {
  readonly process: ChildProcess
  readonly said: () => string
}

/** A folder to install in, with a PATH of these programs, the npm above, and what the script needs. */
function folder(context: TestContext, programs: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'podpass-install-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const bin = join(root, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), npm, { mode: 0o755 })
  for (const name of ['ln', 'mkdir', 'readlink', 'rm', 'rmdir', 'sleep', 'touch', ...programs]) {
    const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    symlinkSync(path, join(bin, name))
  }
  writeFileSync(join(root, 'package-lock.json'), '{}')
  const start = (): Install => {
    const process = spawn(script, [root], { env: { PATH: bin }, stdio: ['ignore', 'pipe', 'pipe'] })
    context.after(() => process.kill('SIGKILL'))
    let text = ''
    process.stderr.on('data', (chunk) => (text += chunk))
    return { process, said: () => text }
  }
  return {
    start,
    go: () => writeFileSync(join(root, 'go'), ''),
    lock: join(root, '.installing'),
    ran: () => readFileSync(join(root, 'ran'), 'utf8').trimEnd().split('\n'),
    left: () => readdirSync(root).filter((name) => name.startsWith('.installing')),
  }
}

async function says({ process, said }: Install, text: RegExp): Promise<void> {
  while (!text.test(said())) {
    assert.ok(process.exitCode === null || text.test(said()), `ended with: ${said()}`)
    await Promise.race([once(process.stderr ?? process, 'data'), once(process, 'close')])
  }
}

async function ended({ process, said }: Install): Promise<void> {
  if (process.exitCode === null) await once(process, 'close')
  assert.equal(process.exitCode, 0, said())
}

const hasFlock = (() => {
  try {
    execFileSync('sh', ['-c', 'command -v flock'])
    return true
  } catch {
    return false
  }
})()

for (const programs of hasFlock ? [['flock'], []] : [[]]) {
  const how = programs.length > 0 ? 'with flock' : 'without flock'

  test(`two installs at once are one (${how}), and none where all is there`, async (context) => {
    const { start, go, ran, left } = folder(context, programs)
    const first = start()
    await says(first, /installing what is missing/)
    const second = start()
    await says(second, /waiting for another install/)
    go()
    await Promise.all([ended(first), ended(second)])
    const third = start()
    await ended(third)
    assert.equal(third.said(), '')
    assert.deepEqual(ran(), ['ci --no-audit --no-fund --loglevel=error'])
    assert.deepEqual(left(), [])
  })
}

test('a lock whose owner was killed is taken away', async (context) => {
  const { start, go, lock, ran, left } = folder(context, [])
  const killed = spawn('sleep', ['600'])
  killed.kill('SIGKILL')
  await once(killed, 'close')
  symlinkSync(String(killed.pid), lock)
  go()
  const installs = [start(), start(), start()]
  await Promise.all(installs.map(ended))
  assert.equal(ran().length, 1)
  assert.deepEqual(left(), [])
})
