/** Finds keys that a JSON object has twice, which JSON.parse lets pass. */

interface Frame {
  readonly path: string
  readonly keys: Set<string> | undefined
  index: number
  key: string
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** Paths of the repeated keys of a valid JSON text, each once. */
export function duplicateKeys(text: string): string[] {
  const found = new Set<string>()
  const stack: Frame[] = []
  let expectsKey = false
  for (const [part] of text.matchAll(token)) {
    const top = stack.at(-1)
    if (part === '{' || part === '[') {
      stack.push({
        path: top ? pathIn(top) : '',
        keys: part === '{' ? new Set() : undefined,
        index: 0,
        key: '',
      })
      expectsKey = part === '{'
    } else if (part === '}' || part === ']') {
      stack.pop()
      expectsKey = false
    } else if (part === ',') {
      if (top) top.index++
      expectsKey = top?.keys !== undefined
    } else if (part === ':') expectsKey = false
    else if (expectsKey && top?.keys) {
      top.key = JSON.parse(part)
      if (top.keys.has(top.key)) found.add(pathIn(top))
      top.keys.add(top.key)
      expectsKey = false
    }
  }
  return [...found]
}

function pathIn(frame: Frame): string {
  if (!frame.keys) return `${frame.path}[${frame.index}]`
  return frame.path ? `${frame.path}.${frame.key}` : frame.key
}
