/**
 * Reads the limits of IAM's fields (lengths, ranges, patterns, enumerations) from botocore's service model, which has
 * what the SDK's schemas leave out, and writes `src/aws/iam/constraints.gen.ts`.
 * Run: `node tools/data/iam-constraints.ts <botocore>/data/iam/2010-05-08/service-2.json.gz <botocore version>`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

interface BotoShape {
  readonly type: string
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly members?: Readonly<Record<string, { readonly shape: string }>>
  readonly member?: { readonly shape: string }
}

interface BotoModel {
  readonly operations: Readonly<Record<string, { readonly input?: { readonly shape: string } }>>
  readonly shapes: Readonly<Record<string, BotoShape>>
}

const [path = '', version = ''] = process.argv.slice(2)
const model = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as BotoModel

/** By member name, the constraint of each structure that has the member. */
const byMember = new Map<string, Map<string, string>>()
const lists = new Map<string, string>()
const seen = new Set<string>()

for (const { input } of Object.values(model.operations)) if (input) visit(input.shape)

function visit(name: string): void {
  if (seen.has(name)) return
  seen.add(name)
  const shape = shapeOf(name)
  for (const [member, { shape: target }] of Object.entries(shape.members ?? {})) {
    const structures = byMember.get(member) ?? new Map<string, string>()
    byMember.set(member, structures.set(name, constraint(shapeOf(target))))
    const items = shapeOf(target).member
    if (items) {
      // By the member: SDKs' models know one shape of lists of strings only.
      const text = constraint(shapeOf(items.shape))
      if (text !== '{}') lists.set(`${member}.member`, text)
    }
    visit(target)
  }
  if (shape.member) visit(shape.member.shape)
}

function shapeOf(name: string): BotoShape {
  const shape = model.shapes[name]
  if (!shape) throw new Error(`no shape ${name}`)
  return shape
}

function constraint({ type, min, max, pattern, enum: oneOf }: BotoShape): string {
  const parts: string[] = []
  if (oneOf) parts.push(`oneOf: ${JSON.stringify(oneOf)}`)
  if (pattern !== undefined) parts.push(`pattern: ${JSON.stringify(pattern)}`)
  if (!oneOf && (min !== undefined || max !== undefined)) {
    const number = type === 'integer' || type === 'long'
    parts.push(`${number ? 'range' : 'length'}: [${min ?? 0}, ${max ?? Number.MAX_SAFE_INTEGER}]`)
  }
  return `{ ${parts.join(', ')} }`.replace('{  }', '{}')
}

const rows = new Map<string, string>(lists)
for (const [member, structures] of byMember) {
  const counts = new Map<string, number>()
  for (const text of structures.values()) counts.set(text, (counts.get(text) ?? 0) + 1)
  const [usual = '{}'] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  if (usual !== '{}') rows.set(member, usual)
  for (const [structure, text] of structures) {
    if (text !== usual) rows.set(`${structure}.${member}`, text)
  }
}

const lines = [...rows]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([key, text]) => `  ${/^\w+$/.test(key) ? key : JSON.stringify(key)}: ${text},`)
writeFileSync(
  new URL('../../src/aws/iam/constraints.gen.ts', import.meta.url),
  `/** The limits of IAM's fields. Generated from botocore@${version} by tools/data/iam-constraints.ts. */
import type { Constraints } from '../protocol/constraints.ts'

export const constraints: Constraints = {
${lines.join('\n')}
}
`,
)
console.log(`${rows.size} constraints`)
