/**
 * Makes data/kubernetes/*.json.br: every field of the kinds we may serve (type, protobuf number, patch keys, list type)
 * and, apart, their documentation, read from the struct declarations of the Go modules k8s.io/api and
 * k8s.io/apimachinery. Run `bin/node tools/data/kubernetes.ts`; `--verify` only says whether the files are fresh.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { type GoType, parseGoTypes } from './go-types.ts'

const version = 'v0.32.5'
const groups = [
  'admissionregistration',
  'apps',
  'authentication',
  'authorization',
  'autoscaling',
  'batch',
  'certificates',
  'coordination',
  'core',
  'discovery',
  'events',
  'networking',
  'node',
  'policy',
  'rbac',
  'scheduling',
  'storage',
]
const target = join(import.meta.dirname, '../../data/kubernetes')

function moduleDirectory(module: string): string {
  const answer = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
    encoding: 'utf8',
  })
  return JSON.parse(answer).Dir
}

function readAll(): Map<string, GoType> {
  const types = new Map<string, GoType>()
  const api = moduleDirectory('k8s.io/api')
  const machinery = moduleDirectory('k8s.io/apimachinery')
  const files: [string, string[]][] = [
    ['meta.v1', [join(machinery, 'pkg/apis/meta/v1/types.go')]],
    ...groups.map((group): [string, string[]] => [
      `${group}.v1`,
      [join(api, group, 'v1/types.go')],
    ]),
  ]
  for (const [name, paths] of files) {
    for (const path of paths) parseGoTypes(readFileSync(path, 'utf8'), name, types)
  }
  return types
}

/** Structs only, as compact rows: [json, number, type, flags, extra?]; see src/kubernetes/api/schema/schema.ts. */
function reduce(types: Map<string, GoType>): { structure: object; docs: object } {
  const structure: Record<string, unknown> = {}
  const docs: Record<string, unknown> = {}
  for (const [name, type] of [...types].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!type.fields) continue
    structure[name] = type.fields.map((field) => {
      const flags = [
        field.isPointer ? 'p' : '',
        field.isRequired ? 'r' : '',
        field.isAlwaysWritten ? 'w' : '',
      ].join('')
      const row: unknown[] = [field.json, field.number, field.type, flags]
      const isAtomic = field.json && types.get(field.type.replace(/^#/, ''))?.isAtomic
      const extra = isAtomic ? { mt: 'atomic', ...field.extra } : field.extra
      if (Object.keys(extra).length > 0) row.push(extra)
      return row
    })
    const fieldDocs = Object.fromEntries(
      type.fields.filter((f) => f.json && f.doc).map((f) => [f.json, f.doc]),
    )
    docs[name] = [type.doc, fieldDocs]
  }
  const source = `k8s.io/api and k8s.io/apimachinery ${version}`
  return { structure: { source, types: structure }, docs: { source, types: docs } }
}

function compress(value: object): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  return brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  })
}

const { structure, docs } = reduce(readAll())
mkdirSync(target, { recursive: true })
for (const [name, value] of Object.entries({ structure, docs })) {
  const path = join(target, `${name}.json.br`)
  if (process.argv.includes('--verify')) {
    const has = brotliDecompressSync(readFileSync(path)).toString()
    if (has !== JSON.stringify(value)) {
      console.error(`${name}.json.br is not what ${version} gives: run tools/data/kubernetes.ts`)
      process.exitCode = 1
    }
    continue
  }
  const bytes = compress(value)
  writeFileSync(path, bytes)
  console.log(`${name}.json.br ${bytes.length} bytes`)
}
