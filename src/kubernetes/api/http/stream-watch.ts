/** watch over HTTP: one JSON event a line, bookmarks, an end in time. */

import { Refusal } from '../../../kernel/refusal.ts'
import type { WatchEvent } from '../../cluster-client.ts'
import { forbiddenField } from '../field-errors.ts'
import { apiVersionOf } from '../kind.ts'
import { invalid, statusObject } from '../status.ts'
import { watchObjects } from '../watch-objects.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { filterOf, integerOf, optionsOf, versionOf } from './read-objects.ts'
import { inForm } from './respond.ts'
import { isTrue } from './route.ts'

/** A watch that nobody limits ends after this time. */
const secondsMax = 1800
const bookmarkEveryMs = 60_000
/** A client that reads this much too slowly (bytes) is let go; it starts again from where it was. */
const backlogBytesMax = 16 * 1024 * 1024

/** Streams changes until the client, the time limit or the server's end. */
export async function streamWatch(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, query, response, form } = call
  const { machinery } = deps
  const { clock, objects } = machinery
  const wantsInitial = isTrue(query.get('sendInitialEvents'))
  checkInitialEvents(query)
  const wantsBookmarks = isTrue(query.get('allowWatchBookmarks'))
  const version = versionOf(query, kind)
  const shape = { ...optionsOf(query, clock.now()), withoutColumns: false }
  const ended = Promise.withResolvers<void>()
  const send = (type: string, object: object) => {
    response.write(`${JSON.stringify({ type, object })}\n`)
    if (response.writableLength > backlogBytesMax) response.destroy()
  }
  const forward = ({ type, object }: WatchEvent) => {
    send(type, inForm(object, kind, form, { ...shape, now: clock.now() }))
    shape.withoutColumns = true
  }
  const bookmark = (annotations?: Record<string, string>) => {
    const metadata = {
      resourceVersion: String(objects.revision()),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {}),
    }
    const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata }
    send('BOOKMARK', form.as === 'table' ? tableBookmark(object) : object)
  }
  response.writeHead(200, {
    'Content-Type': form.contentType,
    'Cache-Control': 'no-cache, private',
  })
  response.flushHeaders()
  const filter = {
    ...filterOf(query),
    ...(call.route.namespace === undefined ? {} : { namespace: call.route.namespace }),
  }
  using watches = new DisposableStack()
  try {
    const from = wantsInitial ? undefined : version
    watches.use(watchObjects(machinery, kind, filter, from, forward))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    send('ERROR', statusObject(error))
    response.end()
    return
  }
  if (wantsInitial && wantsBookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
  const seconds = integerOf(query, 'timeoutSeconds') || secondsMax
  const end = clock.now() + seconds * 1000
  watches.use(
    clock.schedule(end, () => {
      if (wantsBookmarks) bookmark()
      ended.resolve()
    }),
  )
  if (wantsBookmarks) watches.use(everyMinute(deps, () => bookmark()))
  response.once('close', () => ended.resolve())
  deps.closing.addEventListener('abort', () => ended.resolve(), { once: true })
  if (deps.closing.aborted) ended.resolve()
  await ended.promise
  response.end()
}

function everyMinute({ machinery: { clock } }: ApiDeps, task: () => void): Disposable {
  let next: Disposable
  const arm = () => {
    next = clock.schedule(clock.now() + bookmarkEveryMs, () => {
      task()
      arm()
    })
  }
  arm()
  return { [Symbol.dispose]: () => next[Symbol.dispose]() }
}

function tableBookmark(object: { metadata: { resourceVersion: string } }): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: object.metadata.resourceVersion },
    columnDefinitions: null,
    rows: [{ cells: [], object }],
  }
}

function checkInitialEvents(query: URLSearchParams): void {
  const kind = { group: 'meta.k8s.io', kind: 'ListOptions' }
  const match = query.get('resourceVersionMatch')
  if (query.get('sendInitialEvents') === null) {
    if (!match) return
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
    throw invalid(kind, '', [forbiddenField('resourceVersionMatch', why)])
  }
  if (match === 'NotOlderThan') return
  const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
  throw invalid(kind, '', [forbiddenField('resourceVersionMatch', why)])
}
