/** Finds a REST operation by method and path, as the model's `http` bindings lay them out. */
import type { Labels } from './http-binding.ts'
import type { ServiceModel } from './model.ts'

export interface Routed {
  readonly operation: string
  readonly labels: Labels
}

interface Template {
  readonly operation: string
  readonly segments: readonly Segment[]
  /** Fixed pairs of the query string: `list-type=2`. */
  readonly query: readonly (readonly [string, string])[]
}

type Segment = { readonly literal: string } | { readonly label: string; readonly greedy: boolean }

/** Makes the router of a model: `(method, rawPath, rawQuery) → operation and labels`, undefined where nothing fits. */
export function createRouter(
  model: ServiceModel,
): (method: string, rawPath: string, rawQuery: string) => Routed | undefined {
  const byMethod = new Map<string, Template[]>()
  for (const [operation, { http }] of Object.entries(model.operations)) {
    if (!http) continue
    const templates = byMethod.get(http.method) ?? []
    byMethod.set(http.method, templates)
    templates.push(template(operation, http.uri))
  }
  for (const templates of byMethod.values()) templates.sort(bySpecificity)
  return (method, rawPath, rawQuery) => {
    // Split before decoding: an encoded slash belongs to its label (`arn:aws:iam::1:role%2Fx`).
    const parts = rawPath.split('/').slice(1)
    for (const { operation, segments, query } of byMethod.get(method) ?? []) {
      const labels = matchSegments(segments, parts)
      if (labels && matchQuery(query, rawQuery)) return { operation, labels }
    }
    return undefined
  }
}

function template(operation: string, uri: string): Template {
  const [path = '', query = ''] = uri.split('?')
  const segments = path
    .split('/')
    .slice(1)
    .map((part): Segment => {
      const label = /^\{(.+?)(\+?)\}$/.exec(part)
      return label ? { label: label[1] ?? '', greedy: label[2] === '+' } : { literal: part }
    })
  return { operation, segments, query: [...new URLSearchParams(query)] }
}

/** Longer before shorter, literals before labels, labels before greedy ones, more fixed query before less. */
function bySpecificity(a: Template, b: Template): number {
  const weight = (t: Template): string =>
    t.segments.map((s) => ('literal' in s ? '0' : s.greedy ? '2' : '1')).join('')
  return (
    b.segments.length - a.segments.length ||
    weight(a).localeCompare(weight(b)) ||
    b.query.length - a.query.length
  )
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Labels | undefined {
  const labels: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const part = parts[index]
    if (part === undefined) return undefined
    if ('literal' in segment) {
      if (part !== segment.literal) return undefined
      continue
    }
    const text = decode(segment.greedy ? parts.slice(index).join('/') : part)
    if (text === undefined || text === '') return undefined
    labels[segment.label] = text
    if (segment.greedy) return labels
  }
  return segments.length === parts.length ? labels : undefined
}

function matchQuery(wanted: Template['query'], rawQuery: string): boolean {
  if (wanted.length === 0) return true
  const given = new URLSearchParams(rawQuery)
  return wanted.every(([name, value]) => given.get(name) === value)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    if (cause instanceof URIError) return undefined
    throw cause
  }
}
