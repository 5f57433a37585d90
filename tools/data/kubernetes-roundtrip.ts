/**
 * Checks the reduced schema against Kubernetes' own round-trip data: every kind's protobuf must decode to the JSON
 * that Go writes of the same object, and no field of that JSON may be lost. Run `bin/node tools/data/kubernetes-roundtrip.ts`.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { conform } from '../../src/kubernetes/api/schema/conform.ts'
import { decodeProtobuf } from '../../src/kubernetes/api/schema/protobuf.ts'
import { openSchema, schemaName } from '../../src/kubernetes/api/schema/schema.ts'

const answer = execFileSync('go', ['mod', 'download', '-json', 'k8s.io/api@v0.32.5'], {
  encoding: 'utf8',
})
const directory = join(JSON.parse(answer).Dir, 'testdata/HEAD')
const schema = openSchema()
let good = 0
for (const file of readdirSync(directory).filter((f) => f.endsWith('.pb'))) {
  const name = file.slice(0, -'.pb'.length)
  const json = JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8'))
  if (!json.apiVersion) continue
  const parts = json.apiVersion.split('/')
  const [group, version] = parts.length === 2 ? parts : ['', parts[0]]
  const type = schemaName({ group, version, kind: json.kind })
  // It is written into annotations only, never sent.
  if (!schema.type(type) || json.kind === 'SerializedReference') continue
  const binary = decodeProtobuf(readFileSync(join(directory, file)), schema)
  const differences = [
    ...differencesOf(json, conform(json, type, schema).value, ''),
    ...differencesOf(json, conform(binary, type, schema).value, ''),
  ]
  if (differences.length === 0) good++
  else {
    process.exitCode = 1
    console.error(`${name}: ${differences.slice(0, 5).join('; ')}`)
  }
}
console.log(`${good} kinds agree`)

function differencesOf(a: unknown, b: unknown, path: string): string[] {
  if (isDeepStrictEqual(a, b)) return []
  if (!isObject(a) || !isObject(b)) return [`${path}: ${JSON.stringify(a)}, ${JSON.stringify(b)}`]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].flatMap((key) => differencesOf(a[key], b[key], `${path}.${key}`))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
