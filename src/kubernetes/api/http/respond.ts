/** Writes answers: objects, lists, tables, Status objects. */
import type { ServerResponse } from 'node:http'
import type { Refusal } from '../../../kernel/refusal.ts'
import type { KubernetesObject } from '../../object.ts'
import { apiVersionOf, type Kind } from '../kind.ts'
import { statusObject } from '../status.ts'
import type { AnswerForm } from './negotiate.ts'
import { partial, tableOf } from './table.ts'

/** Answers JSON (or YAML where it was asked for). */
export async function respond(
  response: ServerResponse,
  status: number,
  body: object,
  form?: AnswerForm,
): Promise<void> {
  const text = form?.yaml
    ? (await import('yaml')).stringify(body, { aliasDuplicateObjects: false })
    : `${JSON.stringify(body)}\n`
  respondText(response, status, text, form?.contentType ?? 'application/json')
}

export function respondText(
  response: ServerResponse,
  status: number,
  text: string,
  contentType: string,
): void {
  respondBytes(response, status, Buffer.from(text), contentType)
}

export function respondBytes(
  response: ServerResponse,
  status: number,
  bytes: Buffer,
  contentType: string,
): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-cache, private',
  })
  response.end(response.req.method === 'HEAD' ? undefined : bytes)
}

/** Answers one object in the form that was asked for. */
export function respondObject(
  response: ServerResponse,
  status: number,
  object: KubernetesObject,
  kind: Kind | undefined,
  form: AnswerForm,
  options: { now: number; includeObject?: string | undefined },
): Promise<void> {
  return respond(response, status, inForm(object, kind, form, options), form)
}

/** One object as it goes out: itself, a Table of one row, or its metadata. */
export function inForm(
  object: KubernetesObject,
  kind: Kind | undefined,
  form: AnswerForm,
  options: { now: number; includeObject?: string | undefined; withoutColumns?: boolean },
): object {
  if (!kind || form.as === 'object' || form.as === 'discovery') return object
  if (form.as === 'metadata') return partial(object)
  const { resourceVersion } = object.metadata
  return tableOf(kind, [object], { resourceVersion }, options)
}

export interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
}

/** A list as it goes out. */
export function listInForm(
  items: readonly KubernetesObject[],
  kind: Kind,
  metadata: ListMeta,
  form: AnswerForm,
  options: { now: number; includeObject?: string | undefined },
): object {
  if (form.as === 'table') return tableOf(kind, items, metadata, options)
  if (form.as === 'metadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: items.map(partial),
    }
  }
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata,
    items: items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest),
  }
}

/** Answers a refusal as a Status. */
export function respondRefusal(response: ServerResponse, refusal: Refusal): Promise<void> {
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value)
  return respond(response, refusal.status, statusObject(refusal))
}
