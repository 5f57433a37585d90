/** Carries lifecycle rules out: once an hour of the clock, a page of keys at a time. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Refusal } from '../operation.ts'
import {
  isUploadOver,
  type LifecycleAction,
  type LifecycleRule,
  lifecycleAction,
  readLifecycle,
} from './lifecycle.ts'
import { checkDeletable } from './object-lock.ts'
import type {
  Bucket,
  Listed,
  ListedVersion,
  ListPosition,
  ListQuery,
  ObjectStorage,
} from './storage/storage.ts'

const everyMs = 3_600_000

/** Starts the sweep; disposing ends it. A bucket that fails is told to the log and tried again next time. */
export function startLifecycle(options: {
  readonly storage: ObjectStorage
  readonly clock: Clock
  readonly log: Log
}): AsyncDisposable {
  const { storage, clock, log } = options
  let ended = false
  let running = Promise.resolve()
  let next = schedule()

  function schedule(): Disposable {
    return clock.schedule(clock.now() + everyMs, () => {
      running = run()
    })
  }

  async function run(): Promise<void> {
    let started: number
    do {
      started = clock.now()
      await sweep()
      // The clock may have been set far ahead meanwhile.
    } while (!ended && clock.now() - started >= everyMs)
    if (!ended) next = schedule()
  }

  async function sweep(): Promise<void> {
    for (const bucket of storage.buckets.all()) {
      if (ended) return
      try {
        await sweepBucket(storage, bucket, clock.now())
      } catch (error) {
        log.error({ bucket: bucket.name, error: String(error) }, 'lifecycle rules not carried out')
      }
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      ended = true
      next[Symbol.dispose]()
      await running
    },
  }
}

/** Carries the rules of one bucket out, as of `now` (ms since the epoch). */
export async function sweepBucket(
  storage: ObjectStorage,
  bucket: Bucket,
  now: number,
): Promise<void> {
  const { lifecycle } = bucket.settings
  const rules = lifecycle === undefined ? [] : readLifecycle(lifecycle)
  if (rules.length === 0) return
  await sweepVersions(storage, bucket.name, rules, now)
  const uploads = pages((query) => storage.uploads.list(bucket.name, query))
  for await (const upload of uploads) {
    if (!isUploadOver(rules, upload, now)) continue
    await storage.uploads.abort(bucket.name, upload.key, upload.uploadId)
  }
}

async function sweepVersions(
  storage: ObjectStorage,
  bucket: string,
  rules: readonly LifecycleRule[],
  now: number,
): Promise<void> {
  let before: ListedVersion | undefined
  let rank = 0
  const versions = pages((query) => storage.listVersions(bucket, query))
  for await (const { item: version, following } of withFollowing(versions)) {
    const isNewest = before?.key !== version.key
    rank = isNewest ? 0 : rank + 1
    const place = {
      version,
      tags: await tagsOf(storage, bucket, rules, version),
      supersededAt: isNewest ? undefined : before?.modifiedAt,
      newerNoncurrent: rank - 1,
      alone: isNewest && following?.key !== version.key,
    }
    before = version
    await act(storage, bucket, version, lifecycleAction(rules, place, now), now)
  }
}

async function act(
  storage: ObjectStorage,
  bucket: string,
  version: ListedVersion,
  action: LifecycleAction,
  now: number,
): Promise<void> {
  if (action === 'keep') return
  const { key, versionId, modifiedAt } = version
  const named = action === 'remove' ? versionId : undefined
  try {
    await storage.remove(bucket, key, named, {
      at: now,
      check(current) {
        if (current?.versionId !== versionId || current.modifiedAt !== modifiedAt) throw changed
        if (named !== undefined) checkDeletable(current, now, false)
      },
    })
  } catch (cause) {
    // Written anew meanwhile, or locked: it stays.
    if (!(cause instanceof Refusal) && cause !== changed) throw cause
  }
}

const changed = new Error('the version is no longer what the list showed')

/** Tags are looked up only where a rule asks for them. */
async function tagsOf(
  storage: ObjectStorage,
  bucket: string,
  rules: readonly LifecycleRule[],
  { key, versionId, marker }: ListedVersion,
): Promise<Readonly<Record<string, string>>> {
  const asked = rules.some(
    ({ tags, prefix }) => key.startsWith(prefix) && Object.keys(tags).length > 0,
  )
  const version = asked && !marker ? await storage.find(bucket, key, versionId) : undefined
  return version && !version.marker ? version.tags : {}
}

async function* pages<Item>(
  list: (query: ListQuery) => Promise<Listed<Item>>,
): AsyncGenerator<Item> {
  let after: ListPosition | undefined
  do {
    const page = await list({ prefix: '', delimiter: '', limit: 1000, ...(after && { after }) })
    yield* page.items
    after = page.next
  } while (after)
}

async function* withFollowing<Item>(
  items: AsyncIterable<Item>,
): AsyncGenerator<{ item: Item; following: Item | undefined }> {
  let held: { item: Item } | undefined
  for await (const item of items) {
    if (held) yield { item: held.item, following: item }
    held = { item }
  }
  if (held) yield { item: held.item, following: undefined }
}
