/** AWS's Query protocol: a form (or query string) in, XML out. STS, IAM and RDS speak it. */
import { Refusal } from '../../kernel/refusal.ts'
import type { AwsResponse, WireError } from '../operation.ts'
import type { Form } from './form.ts'
import type { Member, ServiceModel, StructureShape } from './model.ts'
import { shapeOf, structureOf } from './model.ts'
import { faultOf, queryAnswer } from './query-answer.ts'
import { type Malformed, readScalar, type Values } from './scalar.ts'
import { escapeXml, writeMembers } from './xml-writer.ts'

const depthMax = 16

/** Form fields as a tree: `Tags.member.1.Key` is three branches and a leaf. */
interface Node {
  text?: string | undefined
  branches?: Map<string, Node>
}

const malformed: Malformed = (wanted, name, given) =>
  new Refusal(`Value '${clip(given)}' at '${name}' is not a valid ${wanted}`, {
    code: 'MalformedInput',
    status: 400,
  })

/** Reads an operation's input from the request's fields. Fields that the model does not know are ignored, as AWS does. */
export function parseQuery(model: ServiceModel, operation: string, form: Form): Values {
  const input = model.operations[operation]?.input
  if (!input) return {}
  return readStructure(model, structureOf(model, input), tree(form), '')
}

function tree(form: Form): Node {
  const root: Node = {}
  for (const [name, text] of form) {
    const parts = name.split('.', depthMax + 1)
    if (parts.length > depthMax) throw tooMuch(`the parameter ${clip(name)} is nested too deeply`)
    let node = root
    for (const part of parts) node = branchOf(node, part)
    node.text ??= text
  }
  return root
}

/** The branch of this name, made where there is none. */
function branchOf(node: Node, name: string): Node {
  node.branches ??= new Map()
  const known = node.branches.get(name)
  if (known) return known
  const branch: Node = {}
  node.branches.set(name, branch)
  return branch
}

function tooMuch(what: string): Refusal {
  return new Refusal(`The request is malformed: ${what}.`, { code: 'MalformedInput', status: 400 })
}

function readStructure(
  model: ServiceModel,
  shape: StructureShape,
  node: Node,
  path: string,
): Values {
  const values: Values = {}
  for (const name in shape.members) {
    const member = shape.members[name]
    if (!member) continue
    const wire = member.wire ?? name
    const branch = node.branches?.get(wire)
    if (branch) values[name] = readMember(model, member, branch, `${path}${wire}`)
  }
  return values
}

function readMember(model: ServiceModel, member: Member, node: Node, path: string): unknown {
  const shape = shapeOf(model, member.shape)
  switch (shape.kind) {
    case 'structure':
      return readStructure(model, shape, node, `${path}.`)
    case 'list': {
      const items = member.flat ? node : node.branches?.get(shape.of.wire ?? 'member')
      return numbered(items).map(([index, item]) =>
        readMember(model, shape.of, item, `${path}.${index}`),
      )
    }
    case 'map': {
      const entries = member.flat ? node : node.branches?.get('entry')
      return Object.fromEntries(
        numbered(entries).map(([index, entry]) => {
          const key = entry.branches?.get(shape.key.wire ?? 'key')?.text ?? ''
          const value = entry.branches?.get(shape.value.wire ?? 'value') ?? {}
          return [key, readMember(model, shape.value, value, `${path}.${index}`)]
        }),
      )
    }
    default:
      return readScalar(shape, node.text ?? '', path, malformed)
  }
}

/** The branches `1`, `2`, … in the order of their numbers. */
function numbered(node: Node | undefined): [number, Node][] {
  return [...(node?.branches ?? [])]
    .filter(([name]) => /^\d{1,6}$/.test(name))
    .map(([name, branch]): [number, Node] => [Number(name), branch])
    .sort(([a], [b]) => a - b)
}

/** Writes an operation's output. */
export function writeQuery(
  model: ServiceModel,
  operation: string,
  output: Values | undefined,
  requestId: string,
): AwsResponse {
  const shape = model.operations[operation]?.output
  const result = shape
    ? `<${operation}Result>${writeMembers(model, structureOf(model, shape), output ?? {}, {
        milliseconds: false,
      })}</${operation}Result>`
    : ''
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
  return xmlResponse(
    200,
    `<${operation}Response xmlns="${model.xmlNamespace}">${result}${metadata}</${operation}Response>`,
  )
}

/** Writes an error: `Sender` below 500, `Receiver` above. */
export function writeQueryError(
  model: ServiceModel,
  error: WireError,
  requestId: string,
): AwsResponse {
  const type = faultOf(error.status)
  const code = escapeXml(error.code)
  // Where AWS has nothing to say there is no element: IAM's ReportNotPresent.
  const message = error.message === '' ? '' : `<Message>${escapeXml(error.message)}</Message>`
  const members = Object.entries(error.members ?? {})
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join('')
  return xmlResponse(
    error.status,
    `<ErrorResponse xmlns="${model.xmlNamespace}"><Error><Type>${type}</Type><Code>${code}</Code>` +
      `${message}${members}</Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
    error.headers,
  )
}

function xmlResponse(
  status: number,
  body: string,
  headers?: Readonly<Record<string, string>>,
): AwsResponse {
  return queryAnswer({ status, contentType: 'text/xml', body }, headers)
}

function clip(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
