/** The reduced AWS API model: what a codec needs to read a request and write an answer. Made by tools/data/models.ts. */

/** A service's model, as stored (brotli JSON) in `data/models/<service>.json.br`. */
export interface ServiceModel {
  /** Signing name. */
  readonly service: string
  readonly protocol: Protocol
  /** `2011-06-15`. */
  readonly version: string
  readonly xmlNamespace?: string
  /** What stands before the dot of X-Amz-Target, for `json`. */
  readonly targetPrefix?: string
  /** npm package and version that it was made from. */
  readonly source: string
  readonly operations: Readonly<Record<string, OperationModel>>
  readonly shapes: Readonly<Record<string, Shape>>
  /** Every error of the model by its wire code. */
  readonly errors: Readonly<Record<string, ErrorModel>>
}

export type Protocol = 'query' | 'json' | 'rest-json' | 'rest-xml'

export interface OperationModel {
  /** Name of the input structure; absent where the operation takes nothing. */
  readonly input?: string
  readonly output?: string
  readonly http?: HttpBinding
}

export interface HttpBinding {
  readonly method: string
  /** `/clusters/{name}`, `/{Key+}?tagging`; a `+` label takes the rest of the path. */
  readonly uri: string
  readonly status: number
}

export interface ErrorModel {
  readonly status: number
  readonly fault: 'client' | 'server'
}

export type Shape = StructureShape | ListShape | MapShape | ScalarShape

/** A structure, or a union: of that exactly one member is set. */
export interface StructureShape {
  readonly kind: 'structure'
  readonly members: Readonly<Record<string, Member>>
  readonly required: readonly string[]
  /** Name of the XML element where the structure stands as a document's root. */
  readonly root?: string
}

export interface ListShape {
  readonly kind: 'list'
  readonly of: Member
}

export interface MapShape {
  readonly kind: 'map'
  readonly key: Member
  readonly value: Member
}

export interface ScalarShape {
  readonly kind: 'string' | 'number' | 'boolean' | 'blob' | 'document' | 'stream' | 'timestamp'
  readonly format?: TimestampFormat
}

export type TimestampFormat = 'date-time' | 'epoch-seconds' | 'http-date'

export type Place =
  | 'header'
  | 'query'
  | 'query-params'
  | 'path'
  | 'payload'
  | 'prefix-headers'
  | 'status'

/** A structure's member, a list's item, a map's key or value. */
export interface Member {
  /** Name in `shapes`. */
  readonly shape: string
  /** Name on the wire where it differs; of `prefix-headers` the prefix. */
  readonly wire?: string
  /** Where a REST protocol puts it; default the body. */
  readonly in?: Place
  /** A list whose items stand without an element around them. */
  readonly flat?: true
  readonly xmlAttribute?: true
  /** `[prefix, uri]`, declared on the member's element. */
  readonly xmlNamespace?: readonly [prefix: string, uri: string]
  /** Never to be logged or echoed. */
  readonly sensitive?: true
}

/** The shape of that name; a missing one is a broken model. */
export function shapeOf(model: ServiceModel, name: string): Shape {
  const shape = model.shapes[name]
  if (!shape) throw new Error(`model of ${model.service} has no shape ${name}`)
  return shape
}

/** The structure of that name: operation inputs and outputs. */
export function structureOf(model: ServiceModel, name: string): StructureShape {
  const shape = shapeOf(model, name)
  if (shape.kind !== 'structure') {
    throw new Error(`shape ${name} of ${model.service} is a ${shape.kind}, not a structure`)
  }
  return shape
}
