import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { noPostgres } from './support/postgres.ts'

test('a role in PostgreSQL takes each process less than 4 KB, mirror and IAM together', {
  skip: noPostgres(),
}, async () => {
  const bench = new URL('../bench/postgres-memory.ts', import.meta.url).pathname
  const args = ['--expose-gc', bench, '--small']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const [count, , mirror = 0, iam = 0] = (stdout.split('\n')[1] ?? '')
    .trim()
    .split(/\s+/)
    .map((cell) => Number(cell.replace(/,/g, '')))
  assert.equal(count, 1_000, stdout)
  assert.ok(mirror > 0 && iam > 0 && mirror + iam < 4096, stdout)
})
