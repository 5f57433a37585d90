/** Reads the schema arrays of an AWS SDK v3 client and keeps what a server's codec needs. */
import type {
  ErrorModel,
  HttpBinding,
  Member,
  OperationModel,
  Place,
  Protocol,
  ServiceModel,
  Shape,
} from '../../src/aws/protocol/model.ts'

/** A client package's exports: schemas end in `$`. */
export type ClientModule = Readonly<Record<string, unknown>>

type Traits = Readonly<Record<string, unknown>>
/** `[kind, namespace, name, traits, …]`; simple shapes are numbers; members may be `[schema, traits]` or lazy. */
type Schema = number | string | readonly unknown[] | (() => Schema)

interface ClientInstance {
  readonly config: {
    readonly protocol: { getShapeId(): string }
    readonly protocolSettings: {
      readonly version: string
      readonly xmlNamespace?: string
      readonly serviceTarget?: string
    }
  }
}

const protocols: Readonly<Record<string, Protocol>> = {
  'aws.protocols#awsQuery': 'query',
  'aws.protocols#awsJson1_1': 'json',
  'aws.protocols#restJson1': 'rest-json',
  'aws.protocols#restXml': 'rest-xml',
}

const kinds = { list: 1, map: 2, structure: 3, error: -3, union: 4, operation: 9 }

/** Traits given as a number are bits, in this order (`@smithy/core` translateTraits). */
const traitBits = [
  'httpLabel',
  'idempotent',
  'idempotencyToken',
  'sensitive',
  'httpPayload',
  'httpResponseCode',
  'httpQueryParams',
]

const scalars = new Map<number, { name: string; shape: Shape }>([
  [0, { name: 'String', shape: { kind: 'string' } }],
  [1, { name: 'Number', shape: { kind: 'number' } }],
  [2, { name: 'Boolean', shape: { kind: 'boolean' } }],
  [4, { name: 'Timestamp', shape: { kind: 'timestamp' } }],
  [5, { name: 'DateTime', shape: { kind: 'timestamp', format: 'date-time' } }],
  [6, { name: 'HttpDate', shape: { kind: 'timestamp', format: 'http-date' } }],
  [7, { name: 'EpochSeconds', shape: { kind: 'timestamp', format: 'epoch-seconds' } }],
  [15, { name: 'Document', shape: { kind: 'document' } }],
  [21, { name: 'Blob', shape: { kind: 'blob' } }],
  [42, { name: 'Stream', shape: { kind: 'stream' } }],
])

/** The model of one client package. Throws where the schemas hold something that the codecs do not know. */
export function reduceClient(
  module: ClientModule,
  clientName: string,
  service: string,
  source: string,
): ServiceModel {
  const Client = module[clientName] as new (config: object) => ClientInstance
  const { config } = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  })
  const protocol = protocols[config.protocol.getShapeId()]
  if (!protocol) throw new Error(`unknown protocol ${config.protocol.getShapeId()}`)
  const reducer = new Reducer()
  const operations: Record<string, OperationModel> = {}
  const errors: Record<string, ErrorModel> = {}
  const schemas = Object.keys(module)
    .filter((key) => key.endsWith('$'))
    .sort()
    .map((key) => module[key] as readonly unknown[])
  for (const schema of schemas) {
    if (schema[0] === kinds.operation) operations[String(schema[2])] = reducer.operation(schema)
    if (schema[0] === kinds.error && schema[3] !== 0) Object.assign(errors, reduceError(schema))
  }
  const { version, xmlNamespace, serviceTarget } = config.protocolSettings
  return {
    service,
    protocol,
    version,
    ...(xmlNamespace && protocol !== 'rest-json' && protocol !== 'json' ? { xmlNamespace } : {}),
    ...(serviceTarget && protocol === 'json' ? { targetPrefix: serviceTarget } : {}),
    source,
    operations,
    shapes: reducer.shapes,
    errors,
  }
}

/** The wire code is the query protocol's where it has one of its own, else the shape's name. */
function reduceError(schema: readonly unknown[]): Record<string, ErrorModel> {
  const traits = traitsOf(schema[3])
  const [code, status] = (traits['awsQueryError'] as [string, number] | undefined) ?? [
    String(schema[2]),
    Number(traits['httpError'] ?? 400),
  ]
  return { [code]: { status, fault: traits['error'] === 'server' ? 'server' : 'client' } }
}

class Reducer {
  readonly shapes: Record<string, Shape> = {}

  operation(schema: readonly unknown[]): OperationModel {
    const http = traitsOf(schema[3])['http'] as [string, string, number] | undefined
    const input = this.#structure(schema[4] as Schema)
    const output = this.#structure(schema[5] as Schema)
    return {
      ...(input ? { input } : {}),
      ...(output ? { output } : {}),
      ...(http ? { http: binding(http) } : {}),
    }
  }

  #structure(schema: Schema): string | undefined {
    const name = this.#shape(schema)
    return name === 'Unit' ? undefined : name
  }

  /** Adds the shape, and all it refers to, and returns its name. */
  #shape(given: Schema): string {
    const schema = resolve(given)
    if (schema === 'unit') return 'Unit'
    if (typeof schema === 'number') return this.#simple(schema)
    if (!Array.isArray(schema)) throw new Error(`unknown schema ${String(schema)}`)
    const [kind, , name] = schema as [number, string, string]
    if (kind === 0) return this.#shape(schema[4] as Schema)
    // A structure named like one of the scalars would take its place in the table.
    const key = [...scalars.values()].some((s) => s.name === name) ? `${name}Structure` : name
    if (key in this.shapes) return key
    if (kind === kinds.list) {
      this.shapes[key] = { kind: 'list', of: { shape: 'Unit' } }
      this.shapes[key] = { kind: 'list', of: this.#member(schema[4] as Schema, 'member') }
    } else if (kind === kinds.map) {
      this.shapes[key] = { kind: 'map', key: { shape: 'Unit' }, value: { shape: 'Unit' } }
      this.shapes[key] = {
        kind: 'map',
        key: this.#member(schema[4] as Schema, 'key'),
        value: this.#member(schema[5] as Schema, 'value'),
      }
    } else if (kind === kinds.structure || kind === kinds.union) {
      this.#addStructure(key, schema)
    } else if (kind !== kinds.error) {
      throw new Error(`unknown kind ${kind} of ${name}`)
    }
    return key
  }

  #simple(code: number): string {
    if (code >= 64) {
      const item = this.#simple(code & 63)
      const name = code >= 128 ? `${item}Map` : `${item}List`
      this.shapes[name] ??=
        code >= 128
          ? { kind: 'map', key: { shape: this.#simple(0) }, value: { shape: item } }
          : { kind: 'list', of: { shape: item } }
      return name
    }
    const scalar = scalars.get(code)
    if (!scalar) throw new Error(`unknown simple schema ${code}`)
    this.shapes[scalar.name] = scalar.shape
    return scalar.name
  }

  #addStructure(key: string, schema: readonly unknown[]): void {
    const traits = traitsOf(schema[3])
    const names = schema[4] as readonly string[]
    const schemas = schema[5] as readonly Schema[]
    const root = traits['xmlName'] as string | undefined
    const members: Record<string, Member> = {}
    this.shapes[key] = {
      kind: 'structure',
      members,
      required: names.slice(0, Number(schema[6] ?? 0)),
      ...(root ? { root } : {}),
    }
    for (const [index, name] of names.entries()) {
      members[name] = this.#member(schemas[index] as Schema, name)
    }
  }

  #member(given: Schema, name: string): Member {
    const own = Array.isArray(given) && given.length === 2 ? traitsOf(given[1]) : {}
    const target = Array.isArray(given) && given.length === 2 ? (given[0] as Schema) : given
    const resolved = resolve(target)
    const traits = { ...(Array.isArray(resolved) ? inherited(resolved) : {}), ...own }
    const [place, placeName] = placeOf(traits)
    const wire = placeName ?? traits['jsonName'] ?? traits['xmlName']
    const namespace = traits['xmlNamespace'] as [string, string] | undefined
    return {
      shape: 'streaming' in traits && resolved === 21 ? this.#simple(42) : this.#shape(target),
      ...(wire !== undefined && wire !== name ? { wire: String(wire) } : {}),
      ...(place ? { in: place } : {}),
      ...(traits['xmlFlattened'] ? { flat: true } : {}),
      ...(traits['xmlAttribute'] ? { xmlAttribute: true } : {}),
      ...(namespace ? { xmlNamespace: namespace } : {}),
      ...(traits['sensitive'] ? { sensitive: true } : {}),
    }
  }
}

/** Of a simple shape's own traits a member inherits all; of a structure's none (its xmlName is for roots). */
function inherited(schema: readonly unknown[]): Traits {
  return schema[0] === 0 ? traitsOf(schema[3]) : {}
}

function placeOf(traits: Traits): [Place?, string?] {
  if ('httpHeader' in traits) return ['header', String(traits['httpHeader']).toLowerCase()]
  if ('httpPrefixHeaders' in traits) {
    return ['prefix-headers', String(traits['httpPrefixHeaders']).toLowerCase()]
  }
  if ('httpQuery' in traits) return ['query', String(traits['httpQuery'])]
  if ('httpQueryParams' in traits) return ['query-params']
  if ('httpLabel' in traits) return ['path']
  if ('httpPayload' in traits) return ['payload']
  if ('httpResponseCode' in traits) return ['status']
  return []
}

/** `x-id` tells SDK operations apart in logs; servers never route by it. */
function binding([method, uri, status]: [string, string, number]): HttpBinding {
  const [path = '', query = ''] = uri.split('?')
  const kept = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('x-id='))
  return { method, uri: kept.length > 0 ? `${path}?${kept.join('&')}` : path, status }
}

function resolve(schema: Schema): Exclude<Schema, () => Schema> {
  let current = schema
  while (typeof current === 'function') current = current()
  return current
}

function traitsOf(traits: unknown): Traits {
  if (typeof traits === 'object' && traits !== null) return traits as Traits
  const found: Record<string, unknown> = {}
  for (const [bit, name] of traitBits.entries()) if ((Number(traits) >> bit) & 1) found[name] = 1
  return found
}
