import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('the IAM bench runs small, and a role takes less than 4 KB', async () => {
  const bench = new URL('../bench/iam.ts', import.meta.url).pathname
  const args = ['--expose-gc', bench, '--small']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const row = stdout.split('\n').find((line) => line.trim().startsWith('5,000'))
  const bytes = Number(row?.trim().split(/\s+/)[1]?.replace(/,/g, ''))
  assert.ok(bytes > 0 && bytes < 4096, stdout)
})
