import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('the policy bench runs in its small mode and its cases answer as expected', () => {
  const bench = fileURLToPath(new URL('../bench/policy.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [bench, '--small'], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /answers [0-9a-f]{16}/)
})
