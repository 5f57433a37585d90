/** The version of Podpass, as in package.json. */
import { readFileSync } from 'node:fs'

const description: unknown = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

export const version = String((description as { version: string }).version)
