/** Nothing of a pod outlives whoever runs it, however that one ends. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { childrenOf } from '../src/kubernetes/runtime/process/process-table.ts'
import { networkAbility } from './support/network.ts'

const able = await networkAbility()

for (const isolation of ['bubblewrap', 'unshare', 'none']) {
  test(`kill -9 leaves no container behind, nor commands in it (isolation ${isolation})`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'podpass-orphans-'))
    const script = join(import.meta.dirname, 'support/hold-container.mjs')
    const holder = spawn(process.execPath, [script, isolation, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    assert.equal(await firstLine(holder), 'ready\n')
    const family = descendants(holder.pid ?? 0)
    assert.ok(family.length >= 9, String(family))
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await allGone(family)
    rmSync(directory, { recursive: true })
  })
}

test('kill -9 leaves no network behind', { skip: 'why' in able }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'podpass-orphans-'))
  const script = join(import.meta.dirname, 'support/hold-network.mjs')
  const holder = spawn(process.execPath, [script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = Number(await firstLine(holder))
  const family = [pid, ...descendants(pid)]
  const networks = new Set(family.map(networkOf))
  // Ours, the cluster's and the pod's; the node's is held by nobody but the holder.
  assert.equal(networks.size, 3, String([...networks]))
  networks.delete(networkOf(process.pid))
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await allGone(family)
  const left = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && networks.has(networkOf(name)),
  )
  assert.deepEqual(left, [])
  rmSync(directory, { recursive: true })
})

/** The network namespace of a process; undefined when it is gone. */
function networkOf(pid: number | string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of stdout ?? []) {
    text += chunk
    if (text.includes('\n')) return text
  }
  throw new Error('the holder ended before its container was ready')
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)])
}

async function allGone(family: readonly number[]): Promise<void> {
  const deadline = performance.now() + 10_000
  while (family.some(isAlive)) {
    if (performance.now() > deadline) assert.fail(`still there: ${family.filter(isAlive)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
