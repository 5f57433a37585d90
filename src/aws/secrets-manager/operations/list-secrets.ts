import type { Operation } from '../../operation.ts'
import type { SecretsManagerDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import type { SecretRecord } from '../records.ts'
import { showSecret, showStages } from '../show.ts'

interface Filter {
  readonly Key?: string
  readonly Values?: readonly string[]
}

interface Input {
  readonly Filters?: readonly Filter[]
  readonly MaxResults?: number
  readonly NextToken?: string
  readonly SortOrder?: string
}

const pageMax = 100

/** The account's secrets in the region, those that all filters let through, in pages. */
export const listSecrets: Operation<Input, object, SecretsManagerDeps> = {
  name: 'ListSecrets',
  access: () => [{ action: 'secretsmanager:ListSecrets', resource: '*' }],
  handle(input, call, { state }) {
    const { MaxResults = pageMax, NextToken, SortOrder, Filters = [] } = input
    const found = state.list(call).filter((secret) => Filters.every((by) => fits(secret, by)))
    const step = SortOrder === 'desc' ? -1 : 1
    found.sort((a, b) => step * (a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1)))
    const start = NextToken === undefined ? 0 : readToken(NextToken, found)
    const page = found.slice(start, start + MaxResults)
    const last = page.at(-1)
    return {
      SecretList: page.map((secret) => ({
        ...showSecret(secret),
        SecretVersionsToStages: showStages(secret),
      })),
      ...(last && start + page.length < found.length && { NextToken: writeToken(last) }),
    }
  },
}

/** Which words of a secret a filter looks at. */
const words: Readonly<Record<string, (secret: SecretRecord) => readonly string[]>> = {
  name: ({ name }) => [name],
  description: ({ description }) => [description],
  'tag-key': ({ tags }) => Object.keys(tags),
  'tag-value': ({ tags }) => Object.values(tags),
  'owning-service': ({ owner }) => [owner],
  'primary-region': ({ region }) => [region],
  all: ({ name, description, owner, tags }) => [
    ...[name, description, owner],
    ...Object.entries(tags).flat(),
  ],
}

/** True where a word begins with one of the values; with `!` before them: where none does. */
function fits(secret: SecretRecord, { Key = '', Values = [] }: Filter): boolean {
  const read = Object.hasOwn(words, Key) ? words[Key] : undefined
  if (!read) {
    throw refuse.InvalidParameterException({ text: `Invalid filter key: ${Key.slice(0, 50)}` })
  }
  const present = read(secret)
  return Values.some((value) => {
    const negated = value.startsWith('!')
    const start = negated ? value.slice(1) : value
    return present.some((word) => word.startsWith(start)) !== negated
  })
}

/** Opaque to the client: the secret after which the next page goes on. */
function writeToken({ name }: SecretRecord): string {
  return Buffer.from(`v1:${name}`).toString('base64url')
}

function readToken(token: string, found: readonly SecretRecord[]): number {
  const text = Buffer.from(token, 'base64url').toString()
  const at = found.findIndex(({ name }) => `v1:${name}` === text)
  if (at < 0) throw refuse.InvalidNextTokenException()
  return at + 1
}
