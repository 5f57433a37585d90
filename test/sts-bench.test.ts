import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = async (name: string) => {
  const bench = new URL(`../bench/${name}.ts`, import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--small'])
  return stdout
}

test('the STS bench runs small, and every request is answered', async () => {
  const lines = (await run('sts')).trim().split('\n')
  assert.equal(lines.length, 4)
  for (const [n, name] of ['AssumeRoleWithWebIdentity', 'GetCallerIdentity'].entries()) {
    assert.match(lines[2 * n] ?? '', new RegExp(`^${name}: .*100 of 100 good`))
    assert.match(lines[2 * n + 1] ?? '', new RegExp(`${name} costs [\\d.]+ of them$`))
  }
})

test('the signature bench runs small, and every signature holds', async () => {
  assert.match(await run('sigv4'), /500 of 500 valid/)
})

test('the metadata bench runs small, and every request is answered', async () => {
  assert.match(await run('metadata'), /^credentials: .*100 of 100 good/)
})
