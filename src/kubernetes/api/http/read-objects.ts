/** get and list: one object; a page of many at one revision. */
import type { KubernetesObject } from '../../object.ts'
import { forbiddenField, invalidValue } from '../field-errors.ts'
import type { Kind } from '../kind.ts'
import { getObject } from '../machinery.ts'
import { tooLarge } from '../objects.ts'
import { selection } from '../selection.ts'
import { badRequest, expired, invalid, noSuchPath } from '../status.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { listInForm, respond, respondObject } from './respond.ts'
import { scaleOf } from './scale.ts'

const continueTooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.'

/** Answers one object, or its status or scale. */
export async function readObject(call: KindCall, { machinery }: ApiDeps): Promise<void> {
  const { kind, route, response, form, query } = call
  const object = getObject(machinery, kind, route.namespace, route.name)
  checkNotFuture(query, machinery.objects.revision())
  const options = optionsOf(query, machinery.clock.now())
  if (route.subresource === 'scale') {
    return respondObject(response, 200, scaleOf(object), undefined, form, options)
  }
  if (route.subresource !== '' && route.subresource !== 'status') throw noSuchPath()
  return respondObject(response, 200, object, kind, form, options)
}

/** What of the query shapes the answer. */
export function optionsOf(query: URLSearchParams, now: number) {
  return { now, includeObject: query.get('includeObject') ?? undefined }
}

/** Answers a list. */
export async function listObjects(call: KindCall, { machinery }: ApiDeps): Promise<void> {
  const { kind, response, form, query } = call
  const { items, revision, next } = pageOf(call, kind, machinery)
  const metadata = {
    resourceVersion: String(revision),
    ...(next ? { continue: continueToken(revision, next) } : {}),
  }
  const options = optionsOf(query, machinery.clock.now())
  await respond(response, 200, listInForm(items, kind, metadata, form, options), form)
}

interface Page {
  readonly items: KubernetesObject[]
  readonly revision: number
  /** Key after which the next page starts. */
  readonly next: string | undefined
}

function pageOf(call: KindCall, kind: Kind, { objects }: ApiDeps['machinery']): Page {
  const { query, route } = call
  const start = startOf(query, kind, objects.revision())
  const { matches, isAll } = selection(kind, filterOf(query))
  const limit = integerOf(query, 'limit')
  const at = start.at === undefined ? {} : { at: start.at }
  if (!limit) {
    const after = start.after === undefined ? {} : { after: start.after }
    const page = refusingOld(query, () => objects.list(kind, route.namespace, { ...at, ...after }))
    return { items: page.items.filter(matches), revision: page.revision, next: undefined }
  }
  const items: KubernetesObject[] = []
  let after = start.after
  let revision = start.at
  for (;;) {
    const options = {
      limit: isAll ? limit - items.length : limit,
      ...(after === undefined ? {} : { after }),
      ...(revision === undefined ? {} : { at: revision }),
    }
    const page = refusingOld(query, () => objects.list(kind, route.namespace, options))
    revision = page.revision
    for (const [i, object] of page.items.entries()) {
      if (!matches(object)) continue
      items.push(object)
      const isLast = i === page.items.length - 1
      if (items.length === limit && !(isLast && !page.more)) {
        return { items, revision, next: objects.keyOf(kind, object) }
      }
    }
    after = page.lastKey
    if (!page.more) return { items, revision, next: undefined }
  }
}

function refusingOld<T>(query: URLSearchParams, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const isOld = (error as { code?: string }).code === 'Expired'
    throw isOld && query.get('continue') ? expired(continueTooOld) : error
  }
}

/** The selectors of a query. */
export function filterOf(query: URLSearchParams) {
  const labelSelector = query.get('labelSelector')
  const fieldSelector = query.get('fieldSelector')
  return {
    ...(labelSelector ? { labelSelector } : {}),
    ...(fieldSelector ? { fieldSelector } : {}),
  }
}

/** A non-negative whole number of the query; undefined where it is absent. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number(text)
}

/** The resourceVersion of a query as a revision; undefined for none and for `0`, "whatever you have". */
export function versionOf(query: URLSearchParams, kind: Kind): number | undefined {
  const text = query.get('resourceVersion')
  if (!text || text === '0') return undefined
  if (!/^\d{1,15}$/.test(text)) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
    throw invalid(kind, '', [invalidValue('resourceVersion', text, why)])
  }
  return Number(text)
}

function checkNotFuture(query: URLSearchParams, current: number): void {
  const asked = Number(query.get('resourceVersion') || 0)
  if (asked > current) throw tooLarge(asked, current)
}

function startOf(
  query: URLSearchParams,
  kind: Kind,
  current: number,
): { at?: number; after?: string } {
  const match = query.get('resourceVersionMatch')
  const token = query.get('continue')
  const version = versionOf(query, kind)
  if (token) {
    if (match) throw matchForbidden('resourceVersionMatch is forbidden for continue')
    return parseContinue(token)
  }
  if (match && !query.get('resourceVersion')) {
    throw matchForbidden('resourceVersionMatch is forbidden unless resourceVersion is provided')
  }
  if (match === 'Exact' && version === undefined) {
    throw matchForbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  }
  if (version === undefined) return {}
  if (version > current) throw tooLarge(version, current)
  return match === 'Exact' ? { at: version } : {}
}

function matchForbidden(why: string) {
  const error = forbiddenField('resourceVersionMatch', why)
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [error])
}

function continueToken(revision: number, after: string): string {
  const value = { v: 'meta.k8s.io/v1', rv: revision, start: after }
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function parseContinue(token: string): { at: number; after: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString())
    if (v === 'meta.k8s.io/v1' && Number.isInteger(rv) && typeof start === 'string') {
      return { at: rv, after: start }
    }
  } catch {
    // Falls through to the refusal: the token is not ours.
  }
  throw badRequest('continue key is not valid: not a token of this server')
}
