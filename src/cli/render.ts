/** Results as text: a table for people, JSON or YAML for programs. */

export type OutputFormat = 'table' | 'json' | 'yaml'

/** Columns of a table: title and how a row fills it. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string>>

/** Rows under titles, in kubectl's manner: upper-case titles, three spaces between columns. */
export function table<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  const titles = Object.keys(columns)
  const lines = [
    titles.map((title) => title.toUpperCase()),
    ...rows.map((row) => titles.map((title) => columns[title]?.(row) ?? '')),
  ]
  const widths = titles.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, n) => cell.padEnd(widths[n] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** A value in the format asked for; `asTable` makes the people's form. */
export async function render(
  format: OutputFormat,
  value: unknown,
  asTable: () => string,
): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  if (format === 'yaml') {
    const { stringify } = await import('yaml')
    return stringify(value)
  }
  return asTable()
}
