/** Writes structures as XML by their schema: strings put together, which no XML library matches for speed. */
import type { MapShape, Member, ServiceModel, Shape, StructureShape } from './model.ts'
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
  // Printable ASCII but for " & < >: most texts are done after this look.
  if (!/[^ !#-%'-;=?-~]/.test(text)) return text
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
      .replace(/[&<>"\u0000-\u0008\u000b-\u001f\u007f]/g, (c) => {
        return escapes[c] ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`
      })
  )
}

/** A body member with all that writing it needs, looked up once per model. */
interface Plan {
  readonly name: string
  readonly member: Member
  readonly shape: Shape
  /** `<Key`, without its `>`. */
  readonly open: string
  readonly close: string
}

interface StructurePlan {
  readonly body: readonly Plan[]
  readonly attributes: readonly (readonly [name: string, wire: string])[]
}

// A memo of what a model says, by the identity of its shapes: listings write thousands of the same structure.
const plans = new WeakMap<StructureShape, StructurePlan>()

function planOf(model: ServiceModel, shape: StructureShape): StructurePlan {
  const known = plans.get(shape)
  if (known) return known
  const body: Plan[] = []
  const attributes: [string, string][] = []
  for (const [name, member] of Object.entries(shape.members)) {
    if (member.xmlAttribute) attributes.push([name, member.wire ?? name])
    else if (!member.in) body.push(memberPlan(model, name, member))
  }
  const plan = { body, attributes }
  plans.set(shape, plan)
  return plan
}

function memberPlan(model: ServiceModel, name: string, member: Member): Plan {
  const tag = member.wire ?? name
  const [prefix, uri] = member.xmlNamespace ?? []
  const namespace = uri ? ` xmlns${prefix ? `:${prefix}` : ''}="${escapeXml(uri)}"` : ''
  const shape = shapeOf(model, member.shape)
  return { name, member, shape, open: `<${tag}${namespace}`, close: `</${tag}>` }
}

/** The elements of a structure's body members, in the model's order; undefined and null members are left out. */
export function writeMembers(
  model: ServiceModel,
  shape: StructureShape,
  values: Values,
  style: XmlStyle,
): string {
  let xml = ''
  for (const plan of planOf(model, shape).body) {
    const value = values[plan.name]
    if (value === undefined || value === null) continue
    xml += writeMember(model, plan, value, style)
  }
  return xml
}

/** One member as its element, or its elements where it is a flat list. */
function writeMember(model: ServiceModel, plan: Plan, value: unknown, style: XmlStyle): string {
  const { member, shape, open, close } = plan
  if (member.flat && shape.kind === 'list') {
    const of = shapeOf(model, shape.of.shape)
    let xml = ''
    for (const item of listed(value)) xml += element(model, open, close, of, item, style)
    return xml
  }
  if (member.flat && shape.kind === 'map') {
    return mapEntries(model, member.wire ?? plan.name, shape, value, style)
  }
  return element(model, open, close, shape, value, style)
}

function element(
  model: ServiceModel,
  open: string,
  close: string,
  shape: Shape,
  value: unknown,
  style: XmlStyle,
): string {
  const content = contentOf(model, shape, value, style)
  if (shape.kind !== 'structure') return `${open}>${content}${close}`
  return `${open}${attributes(model, shape, value as Values)}>${content}${close}`
}

function contentOf(model: ServiceModel, shape: Shape, value: unknown, style: XmlStyle): string {
  switch (shape.kind) {
    case 'structure':
      return writeMembers(model, shape, value as Values, style)
    case 'list': {
      const plan = memberPlan(model, 'member', shape.of)
      let xml = ''
      for (const item of listed(value)) {
        xml += element(model, plan.open, plan.close, plan.shape, item, style)
      }
      return xml
    }
    case 'map':
      return mapEntries(model, 'entry', shape, value, style)
    default:
      return escapeXml(writeScalar(shape, value, 'date-time', style.milliseconds))
  }
}

function attributes(model: ServiceModel, shape: StructureShape, values: Values): string {
  let text = ''
  for (const [name, wire] of planOf(model, shape).attributes) {
    const given = values[name]
    if (given === undefined || given === null) continue
    text += ` ${wire}="${escapeXml(String(given))}"`
  }
  return text
}

function mapEntries(
  model: ServiceModel,
  tag: string,
  shape: MapShape,
  value: unknown,
  style: XmlStyle,
): string {
  const keyTag = shape.key.wire ?? 'key'
  const plan = memberPlan(model, 'value', shape.value)
  let xml = ''
  for (const [key, item] of Object.entries(value as Values)) {
    if (item === undefined || item === null) continue
    const content = element(model, plan.open, plan.close, plan.shape, item, style)
    xml += `<${tag}><${keyTag}>${escapeXml(key)}</${keyTag}>${content}</${tag}>`
  }
  return xml
}

function listed(value: unknown): readonly unknown[] {
  const items = value as readonly unknown[]
  return items.includes(undefined) || items.includes(null)
    ? items.filter((item) => item !== undefined && item !== null)
    : items
}
