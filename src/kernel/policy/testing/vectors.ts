/** Reads the vectors of `vectors/policy`: cases as data, each with its source. */
// biome-ignore lint/style/noRestrictedImports: tests' data, never part of an evaluation
import { readFileSync } from 'node:fs'

interface VectorFile<Case> {
  readonly about: string
  /** Where the rule of a case is written; cases name them by key. */
  readonly sources: Readonly<Record<string, string>>
  readonly cases: readonly (Case & { readonly name: string; readonly source: string })[]
}

export function readVectors<Case>(name: string): VectorFile<Case>['cases'] {
  const file = new URL(`../../../../vectors/policy/${name}.json`, import.meta.url)
  const { sources, cases } = JSON.parse(readFileSync(file, 'utf8')) as VectorFile<Case>
  const orphan = cases.find(({ source }) => !Object.hasOwn(sources, source))
  if (orphan) throw new Error(`${name}: ${orphan.name} has no source`)
  return cases
}
