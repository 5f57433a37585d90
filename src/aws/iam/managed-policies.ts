/** The AWS managed policies, read from `data/managed-policies.json.br` when the first one is asked for. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { base32 } from './ids.ts'
import type { PolicyRecord } from './records.ts'

const prefix = 'arn:aws:iam::aws:policy'

type Row = readonly [
  pathAndName: string,
  version: string,
  createdAt: number,
  updatedAt: number,
  document: string,
]

export interface AwsManagedPolicies {
  /** By ARN. */
  get(arn: string): PolicyRecord | undefined
  /** All of them, by name. */
  list(): readonly PolicyRecord[]
}

/** Is this the ARN of a policy of AWS's own, whether there is one or not? */
export function isAwsManaged(arn: string): boolean {
  return arn.startsWith(`${prefix}/`)
}

/** Reads nothing yet: the first question costs some 40 ms, later ones nothing. */
export function openAwsManagedPolicies(): AwsManagedPolicies {
  let byArn: Map<string, PolicyRecord> | undefined
  let byName: PolicyRecord[] | undefined
  const load = () => {
    byArn ??= new Map(readRows().map((row) => [prefix + row[0], toRecord(row)]))
    return byArn
  }
  return {
    get: (arn) => (isAwsManaged(arn) ? load().get(arn) : undefined),
    list: () => {
      byName ??= [...load().values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      return byName
    },
  }
}

/** `arn:aws:iam::aws:policy/path/name`. */
export function awsManagedArn(policy: Pick<PolicyRecord, 'path' | 'name'>): string {
  return prefix + policy.path + policy.name
}

function readRows(): readonly Row[] {
  const file = new URL('../../../data/managed-policies.json.br', import.meta.url)
  const text = brotliDecompressSync(readFileSync(file)).toString('utf8')
  return (JSON.parse(text) as { policies: readonly Row[] }).policies
}

function toRecord([pathAndName, version, createdAt, updatedAt, document]: Row): PolicyRecord {
  const slash = pathAndName.lastIndexOf('/') + 1
  const digest = createHash('sha256').update(pathAndName).digest()
  return {
    name: pathAndName.slice(slash),
    path: pathAndName.slice(0, slash),
    // AWS's own ids are not published as data: these are made from the ARN, so that they stay the same.
    id: `ANPA${base32(digest).slice(0, 17)}`,
    createdAt,
    updatedAt,
    versions: [{ id: version, document, createdAt: updatedAt }],
    defaultVersion: version,
    aws: true,
    nextVersion: Number(version.slice(1)) + 1,
  }
}
