/** The shape of S3's operations: headers carry as much as bodies do, so an operation reads and writes HTTP itself. */
import type { Readable } from 'node:stream'
import type { Operation } from '../operation.ts'
import type { S3Request } from './request.ts'
import type { ObjectStorage } from './storage/storage.ts'

/** What an operation answers; the service adds the headers that every answer has. */
export interface Reply {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string is XML unless `content-type` says otherwise. */
  readonly body?: string | Uint8Array | Readable
}

export interface S3Deps {
  readonly storage: ObjectStorage
}

export interface S3Operation extends Operation<S3Request, Reply, S3Deps> {
  /** `streamed`: `request.stream` brings the body. Default: it is read and checked before the handler runs. */
  readonly body?: 'streamed'
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number
  /** True where S3 takes no body without a checksum or Content-MD5. */
  readonly checksumRequired?: boolean
}
