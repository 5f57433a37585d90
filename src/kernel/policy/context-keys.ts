/** The condition keys that a document asks for: in its conditions and in its variables. */
import { type JsonNode, parseJson } from './json.ts'
import { conditionsOf, type StatementShape, statementShapes, textsOf } from './policy-shape.ts'
import { member } from './statement.ts'
import { isVariable, parseTemplate } from './template.ts'

/**
 * The keys as written, each once, in order of appearance; GetContextKeysForCustomPolicy answers with them. Empty for a
 * text that is no policy.
 */
export function contextKeysOf(document: string): string[] {
  return unique(contextKeysByStatement(document).flat())
}

/** The same, statement by statement. */
export function contextKeysByStatement(document: string): string[][] {
  const { node } = parseJson(document)
  if (node?.kind !== 'object') return []
  const version = member(node, 'Version')
  const variables = version?.kind === 'string' && version.text === '2012-10-17'
  return statementShapes(node).map((shape) => unique(keysOf(shape, variables)))
}

function keysOf(shape: StatementShape, variables: boolean): string[] {
  const resources = textsOf(shape.element('Resource') ?? shape.element('NotResource'))
  const keys = resources.flatMap(({ text }) => variableKeys(text))
  const inConditions = conditionsOf(shape).flatMap(({ key, values }) => [
    key.text,
    ...(variables ? scalars(values).flatMap(variableKeys) : []),
  ])
  return [...(variables ? keys : []), ...inConditions]
}

function scalars(node: JsonNode): string[] {
  const nodes = node.kind === 'array' ? node.items : [node]
  return nodes.flatMap((each) => (each.kind === 'string' ? [each.text] : []))
}

function variableKeys(text: string): string[] {
  const pieces = parseTemplate(text, { wildcards: true, variables: true })
  return pieces.filter(isVariable).map(({ key }) => key)
}

function unique(keys: readonly string[]): string[] {
  const seen = new Map<string, string>()
  for (const key of keys) {
    const folded = key.toLowerCase()
    if (!seen.has(folded)) seen.set(folded, key)
  }
  return [...seen.values()]
}
