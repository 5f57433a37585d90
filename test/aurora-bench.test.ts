import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noAurora, runWith } from './support/aurora.ts'

test('the Aurora bench runs small', { skip: noAurora() }, async () => {
  const bench = new URL('../bench/aurora.ts', import.meta.url).pathname
  const { code, stdout, stderr } = await runWith(process.execPath, [bench, '--small'], {})
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^login, proxy, token: \d+\.\d+ ms/m)
  assert.match(stdout, /^piped, 2 connections: .* ratio \d/m)
})
