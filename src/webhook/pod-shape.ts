/** Checks that an object from outside has a pod's shape, as far as the mutation looks at it. */
import type { PodFacts } from '../chain/links/pod-facts.ts'

/** What a field must be: a text, a map of texts, an object with such fields, a list of such things. */
type Shape = 'text' | 'texts' | { readonly [field: string]: Shape } | readonly [Shape]

const container: Shape = {
  name: 'text',
  env: [{ name: 'text' }],
  volumeMounts: [{ name: 'text', mountPath: 'text', subPath: 'text', subPathExpr: 'text' }],
}

const pod: Shape = {
  metadata: { name: 'text', namespace: 'text', labels: 'texts', annotations: 'texts' },
  spec: {
    serviceAccountName: 'text',
    nodeSelector: 'texts',
    os: { name: 'text' },
    volumes: [
      {
        name: 'text',
        projected: { sources: [{ serviceAccountToken: { audience: 'text', path: 'text' } }] },
      },
    ],
    containers: [container],
    initContainers: [container],
  },
}

/** The pod; or the fault in the words of Go's decoder, which callers of AWS's webhook know. Fields with null count as absent. */
export function readPod(object: unknown): { pod: PodFacts } | { fault: string } {
  if (object === null || object === undefined) return { fault: 'unexpected end of JSON input' }
  const fault = findFault(object, pod, '')
  if (fault) return { fault }
  const whole = object as Partial<PodFacts>
  return { pod: { ...whole, metadata: whole.metadata ?? {} } }
}

function findFault(value: unknown, shape: Shape, path: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (shape === 'text') return typeof value === 'string' ? undefined : wrong(value, path, 'string')
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return wrong(value, path, 'list')
    return first(value, (item) =>
      item === null ? wrong(item, path, 'object') : findFault(item, shape[0], path),
    )
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    return wrong(value, path, shape === 'texts' ? 'map[string]string' : 'object')
  }
  const fields = Object.entries(value)
  if (shape === 'texts') {
    return first(fields, ([, text]) =>
      typeof text === 'string' ? undefined : wrong(text, path, 'string'),
    )
  }
  return first(Object.entries(shape), ([name, inner]) =>
    findFault((value as Record<string, unknown>)[name], inner, path ? `${path}.${name}` : name),
  )
}

function wrong(value: unknown, path: string, wanted: string): string {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  return path
    ? `json: cannot unmarshal ${kind} into Go struct field ${path} of type ${wanted}`
    : `json: cannot unmarshal ${kind} into Go value of type v1.Pod`
}

function first<T>(items: readonly T[], look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item)
    if (found) return found
  }
  return undefined
}
