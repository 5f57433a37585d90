/** EC2's filters: all must hold, of each any value; `*` and `?` are wildcards. */
import { refuse } from './errors.ts'

export interface Filter {
  readonly Name?: string
  readonly Values?: readonly string[]
}

/** The values of one filter on a thing; undefined where EC2 has no such filter. */
export type ReadFilter<T> = (thing: T, name: string) => readonly string[] | undefined

const filtersMax = 50
const valuesMax = 200

/** The things that pass. Throws InvalidParameterValue for a filter that there is not. */
export function filtered<T>(
  things: readonly T[],
  filters: readonly Filter[] | undefined,
  names: readonly string[],
  read: ReadFilter<T>,
): T[] {
  const given = filters ?? []
  if (given.length > filtersMax || given.some(({ Values = [] }) => Values.length > valuesMax)) {
    throw refuse.InvalidParameterValue({
      text: 'The maximum number of filters or values is exceeded',
    })
  }
  const rules = given.map(({ Name = '', Values = [] }) => {
    if (!names.includes(Name) && !(Name.startsWith('tag:') && names.includes('tag-key'))) {
      throw refuse.InvalidParameterValue({ text: `The filter '${Name}' is invalid` })
    }
    return { name: Name, values: Values }
  })
  return things.filter((thing) =>
    rules.every(({ name, values }) =>
      (read(thing, name) ?? []).some((text) => values.some((value) => matches(value, text))),
    ),
  )
}

/** Wildcards by going back to the last star only: time is the product of both lengths at most. */
function matches(pattern: string, text: string): boolean {
  let p = 0
  let star = -1
  let mark = 0
  for (let t = 0; t < text.length; ) {
    if (pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
