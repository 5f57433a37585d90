import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('the S3 bench runs small, and every request of it is answered', async () => {
  const bench = new URL('../bench/s3.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--small'])
  assert.match(stdout, /^PUT 4 KiB: .*\n(.*\n)+result [0-9a-f]{16}$/m)
})
