/** docs/support/ says what is served, from the services' own tables; every served operation is named by a test. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { supportTables } from '../tools/support-table.ts'

for (const { file, untested, problemsOf } of supportTables()) {
  test(`docs/support/${file} is what the service serves, and each operation has a test`, () => {
    assert.deepEqual(untested, [])
    const written = readFileSync(new URL(`../docs/support/${file}`, import.meta.url), 'utf8')
    assert.deepEqual(problemsOf(written), [], 'node tools/support-table.ts makes it anew')
  })
}
