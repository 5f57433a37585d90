/** S3's XML: answers put together as text, bodies read as trees. */
import { parseXml, type XmlElement, XmlError } from '../protocol/xml-reader.ts'
import { escapeXml } from '../protocol/xml-writer.ts'
import { refuse } from './refusals.ts'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

type Text = string | number | boolean

/** A whole answer: content is XML already. */
export function xmlDocument(root: string, content: string): string {
  return `${declaration}<${root} xmlns="${s3Namespace}">${content}</${root}>`
}

/** Errors have no namespace. */
export function errorDocument(content: string): string {
  return `${declaration}<Error>${content}</Error>`
}

/** An element with text; nothing where the value is undefined. */
export function leaf(name: string, value: Text | undefined): string {
  if (value === undefined) return ''
  return `<${name}>${typeof value === 'string' ? escapeXml(value) : value}</${name}>`
}

/** An element around XML. */
export function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}

/** S3 keeps whole seconds and writes them with zero milliseconds. `at`: ms since the epoch. */
export function isoTime(at: number): string {
  return new Date(at - (at % 1000)).toISOString()
}

/** For Last-Modified. `at`: ms since the epoch. */
export function httpTime(at: number): string {
  return new Date(at).toUTCString()
}

/** The root of a body, which must bear the name given. Throws MalformedXML. */
export function readXml(body: Uint8Array, root: string): XmlElement {
  try {
    const tree = parseXml(body)
    if (tree.name === root) return tree
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause
  }
  throw refuse.MalformedXML()
}

export function childrenOf(parent: XmlElement, name: string): readonly XmlElement[] {
  return parent.children.filter((child) => child.name === name)
}

/** The text of a child that may be there once; undefined where it is not. */
export function optionalText(parent: XmlElement, name: string): string | undefined {
  return parent.children.find((child) => child.name === name)?.text.trim()
}

/** The text of a child that must be there. Throws MalformedXML. */
export function requiredText(parent: XmlElement, name: string): string {
  const text = optionalText(parent, name)
  if (text === undefined || text === '') throw refuse.MalformedXML()
  return text
}

/** Writes a tree back, without attributes but for the namespace at its root. */
export function writeTree(root: XmlElement): string {
  return xmlDocument(root.name, root.children.map(writeElement).join(''))
}

function writeElement(tree: XmlElement): string {
  const type = tree.attributes['type']
  const attribute =
    type === undefined
      ? ''
      : ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${escapeXml(type)}"`
  const content =
    tree.children.length > 0 ? tree.children.map(writeElement).join('') : escapeXml(tree.text)
  return `<${tree.name}${attribute}>${content}</${tree.name}>`
}
