/** Commands and what they printed, as lines of a page. */
import { pageWidth, wrap } from './layout.ts'

/** Broken at blanks, as a shell would still read it. */
export function commandLines(line: string, indent: number): string[] {
  const room = pageWidth - indent - 6
  return wrap(line, room).map((part, n, all) => {
    const more = n < all.length - 1 ? ' \\' : ''
    return `${' '.repeat(indent)}${n === 0 ? '$ ' : '    '}${part}${more}`
  })
}

const outputLinesMax = 3

/** The first lines of an output, without what others of its kind begin with, too. */
export function outputLines(printed: string, indent: number): string[] {
  const all = plain(printed)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => wrap(line, pageWidth - indent))
  return shortened(all, outputLinesMax).map((line) => ' '.repeat(indent) + line)
}

/** At most `max` lines; the last one says that there was more. */
export function shortened(lines: readonly string[], max: number): string[] {
  return lines.length > max ? [...lines.slice(0, max - 1), `${lines[max - 1]} …`] : [...lines]
}

/** psql's address and XML's frame say nothing here; JSON fits in a line. */
function plain(printed: string): string {
  const text = printed
    .replace(/^psql: error: connection to server at .* failed: (?=FATAL)/gm, 'psql: ')
    .replace(/<ErrorResponse[\s\S]*?(<Code>.*?<\/Message>)[\s\S]*/g, '$1')
  try {
    return JSON.stringify(JSON.parse(text), null, 1).replace(/\n */g, ' ')
  } catch {
    return text
  }
}
