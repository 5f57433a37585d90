/** Reads the XML of a request body: no document types, no entities of its own, bounded in size and depth. */
import { SaxesParser } from 'saxes'

/** An element without namespaces: clients send them or not. */
export interface XmlElement {
  /** Local name: the prefix is taken off. */
  readonly name: string
  /** Local names, except `xmlns`. */
  readonly attributes: Readonly<Record<string, string>>
  /** Direct text, joined; CDATA included. */
  text: string
  readonly children: XmlElement[]
}

export interface XmlLimits {
  readonly depth: number
  readonly elements: number
}

/** DeleteObjects, the largest body with a meaning, has 1,000 keys of up to seven elements. */
export const xmlLimits: XmlLimits = { depth: 32, elements: 100_000 }

/** Why a body is no XML that we read: `detail` is for the log. */
export class XmlError extends Error {
  constructor(detail: string) {
    super(detail)
    this.name = 'XmlError'
  }
}

/** Parses a document to its root element. Throws XmlError. */
export function parseXml(body: Uint8Array, limits: XmlLimits = xmlLimits): XmlElement {
  let root: XmlElement | undefined
  const open: XmlElement[] = []
  let elements = 0
  const parser = new SaxesParser({ xmlns: false, position: false })
  parser.on('error', (error) => {
    throw new XmlError(error.message)
  })
  parser.on('doctype', () => {
    throw new XmlError('a document type is not allowed')
  })
  parser.on('opentag', (tag) => {
    elements += 1
    if (elements > limits.elements) throw new XmlError(`more than ${limits.elements} elements`)
    if (open.length >= limits.depth) throw new XmlError(`nested deeper than ${limits.depth}`)
    const element: XmlElement = {
      name: localName(tag.name),
      attributes: localAttributes(tag.attributes),
      text: '',
      children: [],
    }
    const parent = open.at(-1)
    if (parent) parent.children.push(element)
    else root = element
    open.push(element)
  })
  const text = (piece: string): void => {
    const element = open.at(-1)
    if (element) element.text += piece
  }
  parser.on('text', text)
  parser.on('cdata', text)
  parser.on('closetag', () => {
    open.pop()
  })
  parser.write(decode(body)).close()
  if (!root) throw new XmlError('there is no element')
  return root
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    if (cause instanceof TypeError) throw new XmlError('the text is not UTF-8')
    throw cause
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function localAttributes(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => name !== 'xmlns' && !name.startsWith('xmlns:'))
      .map(([name, value]) => [localName(name), value]),
  )
}
