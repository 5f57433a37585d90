/** Reads a service's API model from the package's data. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import type { ServiceModel } from './model.ts'

/**
 * The model of `service` (`sts`, `iam`, `s3`, `eks`, `rds`, `secretsmanager`, `cloudtrail`). Reads and decompresses the
 * file on every call (about a millisecond), so call it once, where the service is opened.
 */
export function loadModel(service: string): ServiceModel {
  const path = join(import.meta.dirname, '..', '..', '..', 'data', 'models', `${service}.json.br`)
  return JSON.parse(brotliDecompressSync(readFileSync(path)).toString()) as ServiceModel
}
