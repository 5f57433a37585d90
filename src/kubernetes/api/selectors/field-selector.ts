/** Field selectors: `metadata.name=a,status.phase!=Running` over the fields that a kind offers. */
import type { KubernetesObject } from '../../object.ts'
import type { Kind } from '../kind.ts'
import { badRequest } from '../status.ts'

const everyKind: Readonly<Record<string, (object: KubernetesObject) => string>> = {
  'metadata.name': (o) => o.metadata.name,
  'metadata.namespace': (o) => o.metadata.namespace ?? '',
}

/** The parsed selector: the test, and the name when the selector asks for exactly one. */
export interface FieldSelector {
  matches(object: KubernetesObject): boolean
  readonly name?: string
}

/** Parses for `kind`; a field that the kind does not offer is a 400 with Kubernetes' text. */
export function parseFieldSelector(text: string, kind: Kind): FieldSelector {
  const terms = split(text).map((term) => {
    const at = /(?<!\\)(?:!=|==?)/.exec(term)
    if (!at) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    const field = term.slice(0, at.index)
    const value = term.slice(at.index + at[0].length).replace(/\\([\\,=])/g, '$1')
    const of = everyKind[field] ?? kind.fields?.[field]
    if (!of) throw unsupported(field, kind)
    return { field, value, of, isEqual: at[0] !== '!=' }
  })
  const name = terms.find((t) => t.field === 'metadata.name' && t.isEqual)?.value
  return {
    matches: (object) => terms.every((t) => (t.of(object) === t.value) === t.isEqual),
    ...(name ? { name } : {}),
  }
}

/** The one name that a selector of whatever kind asks for. */
export function nameSelected(text: string): string | undefined {
  const term = split(text).find((one) => /^metadata\.name==?[^=]/.test(one))
  return term?.replace(/^metadata\.name==?/, '')
}

function split(text: string): string[] {
  return text.split(/(?<!\\),/).filter((term) => term !== '')
}

function unsupported(field: string, kind: Kind) {
  if (kind.fields) return badRequest(`field label not supported: ${field}`)
  return badRequest(
    `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  )
}
