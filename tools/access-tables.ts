/** Writes vectors/access/: who may call which operation, and what the others are told. `--verify` only compares. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type ServiceName, services } from '../test/support/access-services.ts'
import { accessTable } from '../test/support/access-table.ts'

const verify = process.argv.includes('--verify')
for (const service of Object.keys(services) as ServiceName[]) {
  const path = new URL(`../vectors/access/${service}.txt`, import.meta.url)
  const table = await accessTable(service)
  if (!verify) {
    mkdirSync(dirname(path.pathname), { recursive: true })
    writeFileSync(path, table)
  } else if (readFileSync(path, 'utf8') !== table) {
    process.stderr.write(`vectors/access/${service}.txt is stale: node tools/access-tables.ts\n`)
    process.exitCode = 1
  }
}
