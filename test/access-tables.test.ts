/** Who may call what: the tables in vectors/access/ are what the services answer. A change of access shows as a diff there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type ServiceName, services } from './support/access-services.ts'
import { accessTable } from './support/access-table.ts'

for (const service of Object.keys(services) as ServiceName[]) {
  test(`nobody gets more from ${service} than its access table says`, async () => {
    const golden = new URL(`../vectors/access/${service}.txt`, import.meta.url)
    const table = await accessTable(service)
    assert.equal(table, readFileSync(golden, 'utf8'), 'stale: node tools/access-tables.ts')
    for (const line of table.split('\n').slice(1)) {
      const [, ...cells] = line.split(/ {2,}/)
      for (const cell of cells.slice(0, 3)) {
        // Some are refused by what they ask for: EKS's unsigned requests look like S3's, and a token may be bad.
        assert.ok(cell.startsWith('✘') || /^✔ 4/.test(cell), line)
      }
    }
  })
}
