/** RDS's lists in pages, and its filters. */
import { refuse } from './errors.ts'

export interface ListRequest {
  readonly Filters?: readonly { readonly Name: string; readonly Values: readonly string[] }[]
  readonly MaxRecords?: number
  readonly Marker?: string
}

const recordsMin = 20
const recordsMax = 100

/** The page after the marker, and the marker of the next one where there is more. `items` come in order of their keys. */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { MaxRecords = recordsMax, Marker }: ListRequest,
): { items: T[]; Marker?: string } {
  if (MaxRecords < recordsMin || MaxRecords > recordsMax) {
    throw refuse.InvalidParameterValue({
      text: `Invalid value ${MaxRecords} for MaxRecords. Must be between ${recordsMin} and ${recordsMax}`,
    })
  }
  const after = Marker === undefined ? '' : readMarker(Marker)
  const rest = items.filter((item) => keyOf(item) > after)
  const page = rest.slice(0, MaxRecords)
  const last = page.at(-1)
  if (rest.length === page.length || last === undefined) return { items: page }
  return { items: page, Marker: Buffer.from(`1:${keyOf(last)}`).toString('base64url') }
}

/** Keeps what all filters let through; an unknown one is refused as AWS does. */
export function filtered<T>(
  items: readonly T[],
  filters: ListRequest['Filters'],
  known: Readonly<Record<string, (item: T) => readonly string[]>>,
): T[] {
  let left = [...items]
  for (const { Name, Values } of filters ?? []) {
    const read = Object.hasOwn(known, Name) ? known[Name] : undefined
    if (!read) {
      throw refuse.InvalidParameterValue({
        text: `Unrecognized filter name: ${Name.slice(0, 100)}`,
      })
    }
    if (!Values.some((value) => value !== '')) {
      throw refuse.InvalidParameterCombination({ text: `The values of ${Name} must not be empty` })
    }
    left = left.filter((item) => read(item).some((value) => Values.includes(value)))
  }
  return left
}

/**
 * What is named or filtered. As RDS has it, the one that a request names joins the filter for identifiers; where then
 * nothing is left, it is not found.
 */
export function selected<T>(
  items: readonly T[],
  { Filters = [] }: ListRequest,
  named: string | undefined,
  of: {
    readonly byIdentifier: string
    readonly filters: Readonly<Record<string, (item: T) => readonly string[]>>
    notFound(name: string): Error
  },
): T[] {
  if (!named) return filtered(items, Filters, of.filters)
  const own = Filters.find(({ Name }) => Name === of.byIdentifier)
  const values = [...(own?.Values ?? []), named.startsWith('arn:') ? named : named.toLowerCase()]
  const others = Filters.filter((filter) => filter !== own)
  const left = filtered(items, [...others, { Name: of.byIdentifier, Values: values }], of.filters)
  if (left.length === 0) throw of.notFound(named.slice(0, 300))
  return left
}

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString()
  if (!text.startsWith('1:')) {
    throw refuse.InvalidParameterValue({
      text: `Invalid value for Marker: ${marker.slice(0, 100)}`,
    })
  }
  return text.slice(2)
}
