import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { SocketRequest } from './socket-process.ts'

const script = fileURLToPath(new URL('./socket-process.ts', import.meta.url))
const request: SocketRequest = { id: 1, kind: 'listen', host: '127.0.0.1', port: 0 }

test('what cannot be made is told with its code', async () => {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'inherit', 'ipc'] })
  child.send({ ...request, host: '192.0.2.1' })
  const [answer] = await once(child, 'message')
  assert.equal(answer.error.code, 'EADDRNOTAVAIL')
  child.stdin?.end()
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('it ends with its parent, also while sockets wait to be taken', {
  skip: process.platform !== 'linux',
}, async () => {
  // Asks for three listeners and never takes one.
  const code = `
    const stdio = ['pipe', 'ignore', 'inherit', 'ipc']
    const child = require('child_process').spawn(process.execPath, [${JSON.stringify(script)}], { stdio })
    let sent = 0
    for (let n = 0; n < 3; n++) child.send(${JSON.stringify(request)}, () => {
      if (++sent < 3) return
      require('fs').writeSync(1, child.pid + '\\n')
      for (;;);
    })`
  const parent = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  const descriptors = () =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
  await until(() => descriptors().filter((link) => link.startsWith('socket:')).length > 4)
  parent.kill('SIGKILL')
  await until(() => !isAlive(pid))
})

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    // Whoever adopts it may take his time.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The test's own time limit is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
