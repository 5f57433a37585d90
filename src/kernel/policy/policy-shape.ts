/** A policy document as its elements, each with its place: what validation and lint look at. */

import { parseOperator } from './condition.ts'
import type { JsonMember, JsonNode, JsonObject, Span } from './json.ts'
import { findOperator, operatorNames } from './operators.ts'

/** Elements of a document and of a statement: "Grammar of the IAM JSON policy language". */
export const documentElements: readonly string[] = ['Version', 'Id', 'Statement']
export const statementElements: readonly string[] = [
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction'],
  ...['Resource', 'NotResource', 'Condition'],
]

export interface StatementShape {
  readonly node: JsonObject
  readonly element: (name: string) => JsonMember | undefined
}

/** The statements of a document, a single one as a list of one. Members that are no objects are left out. */
export function statementShapes(document: JsonObject): StatementShape[] {
  const statement = document.members.find((each) => each.key === 'Statement')?.value
  const nodes = statement?.kind === 'array' ? statement.items : statement ? [statement] : []
  return nodes.flatMap((node) =>
    node.kind === 'object'
      ? [{ node, element: (name) => node.members.find((each) => each.key === name) }]
      : [],
  )
}

/** One text of an element that may be a text or a list of texts. */
export interface TextAt {
  readonly text: string
  readonly span: Span
}

export function textsOf(member: JsonMember | undefined): TextAt[] {
  if (!member) return []
  const { value } = member
  const nodes = value.kind === 'array' ? value.items : [value]
  return nodes.flatMap((node) => (node.kind === 'string' ? [{ text: node.text, span: node }] : []))
}

/** One `operator: { key: values }`. */
export interface ConditionShape {
  readonly operator: TextAt
  readonly key: TextAt
  readonly values: JsonNode
}

export function conditionsOf({ element }: StatementShape): ConditionShape[] {
  const condition = element('Condition')?.value
  if (condition?.kind !== 'object') return []
  return condition.members.flatMap((operator) =>
    operator.value.kind !== 'object'
      ? []
      : operator.value.members.map((key) => ({
          operator: { text: operator.key, span: operator.keySpan },
          key: { text: key.key, span: key.keySpan },
          values: key.value,
        })),
  )
}

/** True for a condition operator spelled as AWS stores it, prefix and suffix included. */
export function isStorableOperator(name: string): boolean {
  const { set, base, ifExists } = parseOperator(name)
  if (set && !/^For(?:Any|All)Values?:/.test(name)) return false
  if (set && !name.startsWith('ForAnyValue:') && !name.startsWith('ForAllValues:')) return false
  if (ifExists && !name.endsWith('IfExists')) return false
  return base === 'Null' ? !ifExists : findOperator(base)?.name === base
}

/** Every operator's name, for suggestions. */
export function storableOperators(): string[] {
  return [...operatorNames(), 'Null']
}

/** The size that AWS's quotas count: characters without white space. */
export function policySize(text: string): number {
  let size = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== 32 && (code < 9 || code > 13)) size++
  }
  return size
}
