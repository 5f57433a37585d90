/**
 * The calls that Terraform's AWS provider makes for its IAM resources, in its order, after its sources (releases 5 and 6):
 * what it asks after each creation, what it takes for a change, and by which answers it knows that a thing is gone.
 */
import * as iam from '@aws-sdk/client-iam'

/** A kind of resource. `State` is what the provider keeps and compares with the configuration. */
export interface Resource<State> {
  create(config: State): Promise<void>
  /** Undefined where the provider takes the thing for gone. */
  read(): Promise<State | undefined>
  update(from: State, to: State): Promise<void>
  delete(state: State): Promise<void>
}

export type Tags = Readonly<Record<string, string>>

/** The provider's `NotFound`: of all errors only this one. */
export async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof iam.NoSuchEntityException) return undefined
    throw error
  }
}

/** As Go's `url.QueryUnescape` reads it: a plus is a space. */
export function documentOf(encoded = ''): string {
  return JSON.stringify(JSON.parse(decodeURIComponent(encoded.replaceAll('+', ' '))))
}

export function tagsOf(tags: readonly iam.Tag[] = []): Tags {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}

export function tagList(tags: Tags): iam.Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** Takes the tags off that went, then puts those on that came or changed. */
export async function retag(
  from: Tags,
  to: Tags,
  untag: (keys: string[]) => Promise<unknown>,
  tag: (tags: iam.Tag[]) => Promise<unknown>,
): Promise<void> {
  const gone = Object.keys(from).filter((key) => !(key in to))
  const now = tagList(to).filter(({ Key = '', Value }) => from[Key] !== Value)
  if (gone.length > 0) await untag(gone)
  if (now.length > 0) await tag(now)
}
