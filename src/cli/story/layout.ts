/** Text in columns: how wide it is on a terminal, where it breaks. Pure. */

/** Columns of a page. */
export const pageWidth = 98

/** Letters of two columns in every terminal: Chinese, Japanese and Korean, full-width forms. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/

/** Columns that `text`, of one line and without colours, takes. */
export function widthOf(text: string): number {
  let width = 0
  for (const letter of text) width += wide.test(letter) ? 2 : 1
  return width
}

/** Blanks up to `width` columns. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Marks that do not begin a line in Japanese. */
const bound = /^[、。」)）:,.!?ー]/

/** Breaks at blanks and between wide letters, so that no line is wider than `width` where that can be. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const piece of pieces(text)) {
    const fits = widthOf(line) + widthOf(piece.trimEnd()) <= width
    if (fits || line === '') line += piece
    else {
      lines.push(line.trimEnd())
      line = piece
    }
    // What has no place to break is cut.
    while (widthOf(line.trimEnd()) > width) {
      const head = cut(line, width)
      lines.push(head)
      line = line.slice(head.length)
    }
  }
  if (line.trim() !== '') lines.push(line.trimEnd())
  return lines
}

/** Words with the blanks after them; wide letters one by one, each with the marks that belong to it. */
function pieces(text: string): string[] {
  const found: string[] = []
  for (const word of text.split(/(?<= )/)) {
    let narrow = ''
    for (const letter of word) {
      const last = found.length - 1
      if (bound.test(letter) && narrow === '' && last >= 0 && !found[last]?.endsWith(' ')) {
        found[last] += letter
      } else if (wide.test(letter)) {
        const opened = /[(「（]$/.test(narrow) ? narrow.slice(-1) : ''
        if (narrow !== opened) found.push(narrow.slice(0, narrow.length - opened.length))
        narrow = ''
        found.push(opened + letter)
      } else narrow += letter
    }
    if (narrow.trim() === '' && found.length > 0) found[found.length - 1] += narrow
    else if (narrow !== '') found.push(narrow)
  }
  return found
}

function cut(text: string, width: number): string {
  let head = ''
  for (const letter of text) {
    if (widthOf(head + letter) > width) break
    head += letter
  }
  return head
}
