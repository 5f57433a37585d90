/**
 * Reduces the schemas of `@aws-sdk/client-*` to the models that the codecs read: `data/models/<service>.json.br`, and
 * each service's operation names as a type. `--verify` writes nothing and fails where a committed file is stale.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { ServiceModel } from '../../src/aws/protocol/model.ts'
import { type ClientModule, reduceClient } from './reduce-schema.ts'

const root = join(import.meta.dirname, '..', '..')

/**
 * Service and client class; `room` is where the type of its operation names goes, `folder` what its package is named
 * after where that is not the service's signing name.
 */
const services = [
  { service: 'sts', client: 'STSClient', room: 'src/aws/sts' },
  { service: 'iam', client: 'IAMClient', room: 'src/aws/iam' },
  { service: 's3', client: 'S3Client', room: 'src/aws/s3' },
  { service: 'eks', client: 'EKSClient', room: 'src/aws/eks' },
  { service: 'rds', client: 'RDSClient', room: 'src/aws/rds' },
  { service: 'cloudtrail', client: 'CloudTrailClient', room: 'src/aws/cloudtrail' },
  {
    service: 'secretsmanager',
    folder: 'secrets-manager',
    client: 'SecretsManagerClient',
    room: 'src/aws/secrets-manager',
  },
] as const

const verify = process.argv.includes('--verify')
const stale: string[] = []

for (const entry of services) {
  const folder = 'folder' in entry ? entry.folder : entry.service
  const model = loadModel(entry.service, entry.client, folder)
  settle(join(root, 'data', 'models', `${entry.service}.json.br`), JSON.stringify(model))
  if ('room' in entry) {
    settle(join(root, entry.room, 'operation-names.gen.ts'), operationNames(model))
  }
}
if (stale.length > 0) {
  console.error(`stale, run \`npm run models\` in tools/data:\n${stale.join('\n')}`)
  process.exitCode = 1
}

function loadModel(service: string, client: string, folder: string): ServiceModel {
  const require = createRequire(import.meta.url)
  const name = `@aws-sdk/client-${folder}`
  const { version } = require(`${name}/package.json`) as { version: string }
  return reduceClient(require(name) as ClientModule, client, service, `${name}@${version}`)
}

function operationNames(model: ServiceModel): string {
  const names = Object.keys(model.operations).map((name) => `  | '${name}'\n`)
  return (
    `/** The operations of ${model.service} ${model.version}. Generated from ${model.source} by tools/data/models.ts. */\n` +
    `export type OperationName =\n${names.join('').trimEnd()}\n`
  )
}

/** Writes a file, or notes that it is stale. Compressed ones are compared by what they hold. */
function settle(path: string, text: string): void {
  const compressed = path.endsWith('.br')
  if (existsSync(path)) {
    const bytes = readFileSync(path)
    if ((compressed ? brotliDecompressSync(bytes) : bytes).toString() === text) return
  }
  if (verify) {
    stale.push(path)
    return
  }
  mkdirSync(dirname(path), { recursive: true })
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
  writeFileSync(path, compressed ? brotliCompressSync(text, options) : text)
}
