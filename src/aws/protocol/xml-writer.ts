/** Writes structures as XML by their schema: strings put together, which no XML library matches for speed. */
import type { Member, ServiceModel, Shape, StructureShape } from './model.ts'
import { shapeOf } from './model.ts'
import { type Values, writeScalar } from './scalar.ts'

export interface XmlStyle {
  /** Dates with `.000Z` (S3); IAM and STS write whole seconds. */
  readonly milliseconds: boolean
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** Text for an element or an attribute; control characters as references, as S3 writes them. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
  if (!/[&<>"\u0000-\u001f\u007f\ud800-\udfff\ufffe\uffff]/.test(text)) return text
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
      .replace(/[&<>"\u0000-\u0008\u000b-\u001f\u007f]/g, (c) => {
        return escapes[c] ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`
      })
  )
}

/** The elements of a structure's body members, in the model's order; undefined and null members are left out. */
export function writeMembers(
  model: ServiceModel,
  shape: StructureShape,
  values: Values,
  style: XmlStyle,
): string {
  let xml = ''
  for (const [name, member] of Object.entries(shape.members)) {
    const value = values[name]
    if (value === undefined || value === null || member.in || member.xmlAttribute) continue
    xml += writeMember(model, name, member, value, style)
  }
  return xml
}

/** One member as its element, or its elements where it is a flat list. */
export function writeMember(
  model: ServiceModel,
  name: string,
  member: Member,
  value: unknown,
  style: XmlStyle,
): string {
  const tag = member.wire ?? name
  const shape = shapeOf(model, member.shape)
  if (member.flat && shape.kind === 'list') {
    let xml = ''
    for (const item of listed(value)) {
      xml += element(model, tag, shape.of, item, style)
    }
    return xml
  }
  if (member.flat && shape.kind === 'map') return mapEntries(model, tag, shape, value, style)
  return element(model, tag, member, value, style)
}

function element(
  model: ServiceModel,
  tag: string,
  member: Member,
  value: unknown,
  style: XmlStyle,
): string {
  const shape = shapeOf(model, member.shape)
  const [prefix, uri] = member.xmlNamespace ?? []
  const namespace = uri ? ` xmlns${prefix ? `:${prefix}` : ''}="${escapeXml(uri)}"` : ''
  const content = contentOf(model, shape, value, style)
  return `<${tag}${namespace}${attributes(shape, value)}>${content}</${tag}>`
}

function contentOf(model: ServiceModel, shape: Shape, value: unknown, style: XmlStyle): string {
  switch (shape.kind) {
    case 'structure':
      return writeMembers(model, shape, value as Values, style)
    case 'list': {
      let xml = ''
      for (const item of listed(value)) {
        xml += element(model, shape.of.wire ?? 'member', shape.of, item, style)
      }
      return xml
    }
    case 'map':
      return mapEntries(model, 'entry', shape, value, style)
    default:
      return escapeXml(writeScalar(shape, value, 'date-time', style.milliseconds))
  }
}

function attributes(shape: Shape, value: unknown): string {
  if (shape.kind !== 'structure') return ''
  let text = ''
  for (const [name, member] of Object.entries(shape.members)) {
    const given = (value as Values)[name]
    if (!member.xmlAttribute || given === undefined || given === null) continue
    text += ` ${member.wire ?? name}="${escapeXml(String(given))}"`
  }
  return text
}

function mapEntries(
  model: ServiceModel,
  tag: string,
  shape: Extract<Shape, { kind: 'map' }>,
  value: unknown,
  style: XmlStyle,
): string {
  let xml = ''
  for (const [key, item] of Object.entries(value as Values)) {
    if (item === undefined || item === null) continue
    const keyTag = shape.key.wire ?? 'key'
    const content = element(model, shape.value.wire ?? 'value', shape.value, item, style)
    xml += `<${tag}><${keyTag}>${escapeXml(key)}</${keyTag}>${content}</${tag}>`
  }
  return xml
}

function listed(value: unknown): readonly unknown[] {
  return (value as readonly unknown[]).filter((item) => item !== undefined && item !== null)
}
