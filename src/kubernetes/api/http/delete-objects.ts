/** delete and deletecollection. */
import type { KubernetesObject } from '../../object.ts'
import { type DeleteOptions, deleteObject } from '../delete-object.ts'
import { invalidValue, notSupported } from '../field-errors.ts'
import type { Kind } from '../kind.ts'
import { conform, TypeMismatch } from '../schema/conform.ts'
import { selection } from '../selection.ts'
import { badRequest, invalid, methodNotAllowed } from '../status.ts'
import { decodeBody, mediaType, readBody } from './body.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { filterOf, integerOf, optionsOf } from './read-objects.ts'
import { listInForm, respond, respondObject } from './respond.ts'

const optionsKind = { group: 'meta.k8s.io', kind: 'DeleteOptions' }

/** DELETE of one object. */
export async function removeObject(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, route, response, form, query } = call
  if (!kind.verbs.includes('delete') || route.subresource) throw methodNotAllowed()
  const { options, dryRun } = await readOptions(call, deps)
  const target = { kind, namespace: route.namespace, name: route.name }
  const context = { ...call.context, dryRun: call.context.dryRun || dryRun }
  const { object, done } = await deleteObject(deps.machinery, target, options, context)
  if (done && !kind.returnsDeleted) return respond(response, 200, deleted(kind, object), undefined)
  const status = !done && options.propagationPolicy === 'Foreground' ? 202 : 200
  const shape = optionsOf(query, deps.machinery.clock.now())
  return respondObject(response, status, object, kind, form, shape)
}

function deleted(kind: Kind, { metadata }: KubernetesObject): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: metadata.name,
      ...(kind.group ? { group: kind.group } : {}),
      kind: kind.resource,
      uid: metadata.uid,
    },
  }
}

/** DELETE of all that the selectors match. */
export async function removeCollection(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, route, response, form, query } = call
  if (!kind.verbs.includes('deletecollection')) throw methodNotAllowed()
  const { options, dryRun } = await readOptions(call, deps)
  const { machinery } = deps
  const { matches } = selection(kind, filterOf(query))
  const context = { ...call.context, dryRun: call.context.dryRun || dryRun }
  const page = machinery.objects.list(kind, route.namespace)
  const items: KubernetesObject[] = []
  for (const found of page.items.filter(matches)) {
    const { namespace, name } = found.metadata
    try {
      const target = { kind, namespace, name }
      items.push((await deleteObject(machinery, target, options, context)).object)
    } catch (error) {
      if ((error as { code?: string }).code !== 'NotFound') throw error
    }
  }
  const metadata = { resourceVersion: String(machinery.objects.revision()) }
  const shape = optionsOf(query, machinery.clock.now())
  await respond(response, 200, listInForm(items, kind, metadata, form, shape), form)
}

async function readOptions(
  call: KindCall,
  { schema }: ApiDeps,
): Promise<{ options: DeleteOptions; dryRun: boolean }> {
  const { request, query } = call
  const decoded = await decodeBody(await readBody(request), mediaType(request), schema)
  const body = decoded ? conformed(decoded.value, schema) : {}
  const grace = body['gracePeriodSeconds'] ?? integerOf(query, 'gracePeriodSeconds')
  const orphan = body['orphanDependents'] ?? query.get('orphanDependents')
  let policy = body['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined
  if (policy === undefined && orphan !== undefined && orphan !== null) {
    policy = String(orphan) === 'true' ? 'Orphan' : 'Background'
  }
  const policies = ['Foreground', 'Background', 'Orphan']
  if (policy !== undefined && !policies.includes(String(policy))) {
    throw invalid(optionsKind, '', [
      notSupported('propagationPolicy', policy, [...policies, 'nil']),
    ])
  }
  if (typeof grace === 'number' && grace < 0) {
    const error = invalidValue('gracePeriodSeconds', grace, 'must be greater than or equal to 0')
    throw invalid(optionsKind, '', [error])
  }
  const dryRun = (body['dryRun'] ?? []) as string[]
  return {
    options: {
      ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
      ...(policy ? { propagationPolicy: String(policy) } : {}),
      ...(body['preconditions'] ? { preconditions: body['preconditions'] as object } : {}),
    },
    dryRun: dryRun.includes('All'),
  }
}

function conformed(
  value: Record<string, unknown>,
  schema: ApiDeps['schema'],
): Record<string, unknown> {
  try {
    return conform(value, 'meta.v1.DeleteOptions', schema).value
  } catch (error) {
    if (error instanceof TypeMismatch) throw badRequest(error.message)
    throw error
  }
}
