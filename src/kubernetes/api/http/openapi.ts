/** OpenAPI v3: an index and a document per group and version, made of the schema when first asked for. */
import { createHash } from 'node:crypto'
import type { Kind, Review } from '../kind.ts'
import type { Registry } from '../registry.ts'
import { type FieldSchema, type Schema, schemaName } from '../schema/schema.ts'

export interface OpenApi {
  /** The index at `/openapi/v3`. */
  index(): object
  /** The document of `api/v1` or `apis/apps/v1`; undefined where there is none. */
  document(path: string): string | undefined
}

type Entry = Kind | Review

/** `version` of the server, as `v1.32.5`. */
export function openApiOf(registry: Registry, schema: Schema, version: string): OpenApi {
  const entries: readonly Entry[] = [...registry.kinds, ...registry.reviews]
  const paths = [...new Set(entries.map(pathOf))]
  const made = new Map<string, string>()
  return {
    index: () => ({
      paths: Object.fromEntries(
        paths.map((path) => {
          const kinds = entries.filter((e) => pathOf(e) === path).map((e) => e.kind)
          const hash = createHash('sha512')
            .update(version + kinds.join())
            .digest('hex')
          const url = `/openapi/v3/${path}?hash=${hash.toUpperCase()}`
          return [path, { serverRelativeURL: url }]
        }),
      ),
    }),
    document(path) {
      if (!paths.includes(path)) return undefined
      const own = entries.filter((e) => pathOf(e) === path)
      const text = made.get(path) ?? JSON.stringify(documentOf(own, schema, version))
      made.set(path, text)
      return text
    },
  }
}

function pathOf({ group, version }: Entry): string {
  return group ? `apis/${group}/${version}` : `api/${version}`
}

function documentOf(entries: readonly Entry[], schema: Schema, version: string): object {
  const wanted = ['meta.v1.DeleteOptions', ...entries.map(schemaName)]
  const gvks = new Map(entries.map((e) => [schemaName(e), e]))
  const schemas: Record<string, object> = {}
  const seen = new Set<string>()
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    const type = schema.type(name)
    if (!type) continue
    const [doc = '', fieldDocs = {}] = schema.docs()[name] ?? []
    const properties: Record<string, object> = {}
    const required: string[] = []
    for (const field of type.fields.values()) {
      const described = fieldDocs[field.json] ?? typeMetaDocs[field.json] ?? ''
      properties[field.json] = fieldSchema(field, described, wanted)
      if (field.isRequired) required.push(field.json)
    }
    const entry = gvks.get(name)
    schemas[openApiName(name)] = {
      description: doc,
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      properties,
      ...(entry ? { 'x-kubernetes-group-version-kind': [gvkOf(entry)] } : {}),
    }
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.assign({}, ...entries.map(pathsOf)),
    components: { schemas },
  }
}

const typeMetaDocs: Readonly<Record<string, string>> = {
  apiVersion:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
  kind: 'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
}

function gvkOf({ group, version, kind }: Entry): object {
  return { group, version, kind }
}

const queryParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}))

/** kubectl looks for a `patch` of the kind with these parameters before it trusts the server to validate. */
function pathsOf(entry: Entry): object {
  const root = `/${pathOf(entry)}${entry.namespaced ? '/namespaces/{namespace}' : ''}/${entry.resource}`
  const reference = { $ref: `#/components/schemas/${openApiName(schemaName(entry))}` }
  const content = { 'application/json': { schema: reference } }
  const operation = (action: string, parameters: object[] = []) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvkOf(entry),
    parameters,
    responses: { 200: { description: 'OK', content } },
  })
  const post = { ...operation('post', queryParameters), requestBody: { content } }
  if (!('verbs' in entry)) return { [root]: { post } }
  return {
    [root]: { get: operation('list'), post },
    [`${root}/{name}`]: {
      get: operation('get'),
      put: { ...operation('put', queryParameters), requestBody: { content } },
      patch: operation('patch', queryParameters),
      delete: operation('delete'),
    },
  }
}

const scalars: Readonly<Record<string, object>> = {
  s: { type: 'string' },
  i: { type: 'integer', format: 'int32' },
  b: { type: 'boolean' },
  n: { type: 'number', format: 'double' },
  y: { type: 'string', format: 'byte' },
  t: { type: 'string', format: 'date-time' },
  u: { type: 'string', format: 'date-time' },
  q: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  o: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  r: { type: 'object' },
  f: { type: 'object' },
}

function fieldSchema(field: FieldSchema, description: string, wanted: string[]): object {
  const { extra } = field
  const shape = typeSchema(field.type, wanted)
  return {
    ...('$ref' in shape ? { allOf: [shape], default: {} } : shape),
    ...(description ? { description } : {}),
    ...(extra.en ? { enum: extra.en } : {}),
    ...(extra.lt ? { 'x-kubernetes-list-type': extra.lt } : {}),
    ...(extra.lk ? { 'x-kubernetes-list-map-keys': extra.lk } : {}),
    ...(extra.mt ? { 'x-kubernetes-map-type': extra.mt } : {}),
    ...(extra.pk ? { 'x-kubernetes-patch-merge-key': extra.pk } : {}),
    ...(extra.ps ? { 'x-kubernetes-patch-strategy': extra.ps } : {}),
  }
}

function typeSchema(type: string, wanted: string[]): object {
  if (type.startsWith('#')) {
    wanted.push(type.slice(1))
    return { $ref: `#/components/schemas/${openApiName(type.slice(1))}` }
  }
  if (type.startsWith('[') || type.startsWith('L')) {
    return { type: 'array', items: typeSchema(type.slice(1), wanted) }
  }
  if (type.startsWith('{')) {
    return { type: 'object', additionalProperties: typeSchema(type.slice(1), wanted) }
  }
  return scalars[type] ?? {}
}

/** `core.v1.Pod` → `io.k8s.api.core.v1.Pod`. */
function openApiName(name: string): string {
  return name.startsWith('meta.') ? `io.k8s.apimachinery.pkg.apis.${name}` : `io.k8s.api.${name}`
}
