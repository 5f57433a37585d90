/** Opens S3: the storage on disk and the service before it. */
import { type Log, silentLog } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AwsService } from '../operation.ts'
import { startLifecycle } from './lifecycle-sweep.ts'
import { s3Service } from './service.ts'
import { openDiskStorage } from './storage/disk-storage.ts'

export interface S3Options {
  /** Where buckets and objects lie; made where it is missing. One process at a time. */
  readonly directory: string
  readonly clock: Clock
  /** Of the default host names. A bucket lies where its creator says, else where the request was signed for. */
  readonly region: string
  /** Host names that stand for S3, so that `bucket.name` is a virtual host. Default: `localhost` and AWS's own. */
  readonly hosts?: readonly string[]
  /** Told of lifecycle rules that could not be carried out. */
  readonly log?: Log
}

/** Disposing ends writes and closes the files. Throws where another process has the directory. */
export async function openS3(
  options: S3Options,
): Promise<{ readonly service: AwsService } & AsyncDisposable> {
  const { directory, clock, region } = options
  const storage = await openDiskStorage({ directory, clock })
  const hosts = options.hosts ?? [
    'localhost',
    's3.localhost',
    's3.amazonaws.com',
    `s3.${region}.amazonaws.com`,
  ]
  const lifecycle = startLifecycle({ storage, clock, log: options.log ?? silentLog })
  return {
    service: s3Service({ storage, hosts }),
    async [Symbol.asyncDispose]() {
      await lifecycle[Symbol.asyncDispose]()
      await storage[Symbol.asyncDispose]()
    },
  }
}
