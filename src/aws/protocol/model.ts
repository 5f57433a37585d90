/** The reduced AWS API model: what a codec needs to read a request and write an answer. Made by tools/data. */

/** A service's model, as stored (brotli JSON) in `data/models/<service>.json.br`. */
export interface ServiceModel {
  /** Signing name. */
  readonly service: string
  readonly protocol: 'query' | 'json' | 'rest-json' | 'rest-xml'
  /** `2011-06-15`. */
  readonly version: string
  readonly xmlNamespace?: string
  /** `AmazonSSM` before the dot of X-Amz-Target, for `json`. */
  readonly targetPrefix?: string
  /** npm package and version that it was made from. */
  readonly source: string
  readonly operations: Readonly<Record<string, OperationModel>>
  readonly shapes: Readonly<Record<string, Shape>>
  /** Every error of the model by its wire code. */
  readonly errors: Readonly<Record<string, ErrorModel>>
}

export interface OperationModel {
  readonly input?: string
  readonly output?: string
  readonly http?: { readonly method: string; readonly uri: string; readonly status: number }
  readonly errors: readonly string[]
}

export interface ErrorModel {
  readonly status: number
  readonly fault: 'client' | 'server'
  readonly shape?: string
}

export type Shape =
  | {
      readonly kind: 'structure'
      readonly members: Readonly<Record<string, Member>>
      readonly required: readonly string[]
    }
  | { readonly kind: 'list'; readonly of: string; readonly item?: string; readonly flat?: boolean }
  | { readonly kind: 'map'; readonly key: string; readonly value: string; readonly flat?: boolean }
  | {
      readonly kind: 'union'
      readonly members: Readonly<Record<string, Member>>
      readonly required: readonly string[]
    }
  | {
      readonly kind:
        | 'string'
        | 'integer'
        | 'long'
        | 'double'
        | 'boolean'
        | 'blob'
        | 'document'
        | 'stream'
    }
  | { readonly kind: 'timestamp'; readonly format?: 'date-time' | 'epoch-seconds' | 'http-date' }

export interface Member {
  readonly shape: string
  /** Name on the wire where it differs. */
  readonly wire?: string
  /** Where a REST protocol puts it; default the body. */
  readonly in?: 'header' | 'query' | 'path' | 'payload' | 'prefix-headers' | 'status'
  readonly flat?: boolean
  readonly xmlAttribute?: boolean
  readonly xmlNamespace?: string
  readonly timestampFormat?: 'date-time' | 'epoch-seconds' | 'http-date'
}
