/** create, update and patch of objects that are stored. */
import type { KubernetesObject } from '../../object.ts'
import { authorize } from '../authz/authorizer.ts'
import { createObject } from '../create-object.ts'
import { required } from '../field-errors.ts'
import { apiVersionOf } from '../kind.ts'
import { applyPatch } from '../patch/apply-patch.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import type { Applied } from '../patch/managed-fields.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMergePatch } from '../patch/strategic-merge-patch.ts'
import { schemaName } from '../schema/schema.ts'
import { badRequest, invalid, methodNotAllowed, notFound } from '../status.ts'
import { type Change, updateObject } from '../update-object.ts'
import { decodeBody, mediaType, readBody, unsupportedMediaType } from './body.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { objectOf } from './decode-object.ts'
import { optionsOf } from './read-objects.ts'
import { respondObject } from './respond.ts'
import { scaleOf, scaleType, withScale } from './scale.ts'

/** POST of a new object. */
export async function postObject(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, route, context } = call
  if (route.name || !kind.verbs.includes('create')) throw methodNotAllowed()
  const object = await bodyObject(call, deps, kind)
  const made = await createObject(deps.machinery, kind, route.namespace, object, context)
  await answer(call, deps, 201, made)
}

/** PUT of an object, its status, its scale, or a namespace's finalizers. */
export async function putObject(call: KindCall, deps: ApiDeps): Promise<void> {
  const { kind, route, context } = call
  const isScale = route.subresource === 'scale'
  const body = await bodyObject(call, deps, isScale ? scaleType : kind)
  checkNames(body, call)
  if (kind.createsOnUpdate && !route.subresource && isMissing(call, deps)) {
    authorize({ ...route, user: context.user, verb: 'create' }, deps.authorizers)
    const made = await createObject(deps.machinery, kind, route.namespace, body, context)
    return answer(call, deps, 201, made)
  }
  const change: Change = (current) => (isScale ? withScale(current, body) : structuredClone(body))
  const updated = await updateObject(deps.machinery, targetOf(call), change, context)
  await answer(call, deps, 200, isScale ? scaleOf(updated) : updated)
}

function isMissing({ kind, route }: KindCall, { machinery }: ApiDeps): boolean {
  return machinery.objects.get(kind, route.namespace, route.name) === undefined
}

function targetOf({ kind, route }: KindCall) {
  const { namespace, name } = route
  const subresource = route.subresource === 'scale' ? '' : route.subresource
  return { kind, namespace, name, subresource }
}

async function bodyObject(
  call: KindCall,
  { schema }: ApiDeps,
  type: { group: string; version: string; kind: string },
): Promise<KubernetesObject> {
  const body = await readBody(call.request)
  const decoded = await decodeBody(body, mediaType(call.request), schema)
  if (!decoded) throw badRequest('request body is empty')
  return objectOf(decoded, type, schema, call.validation, call.context)
}

function checkNames(body: KubernetesObject, { route }: KindCall): void {
  const { name, namespace } = body.metadata ?? {}
  if (name && name !== route.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${route.name})`,
    )
  }
  if (!name) throw badRequest('name must be provided')
  if (namespace && route.namespace !== undefined && namespace !== route.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

/** PATCH by any of the four ways. */
export async function patchObject(call: KindCall, deps: ApiDeps): Promise<void> {
  const type = mediaType(call.request)
  if (!patchTypes.includes(type as (typeof patchTypes)[number])) {
    throw unsupportedMediaType(patchTypes)
  }
  const body = (await readBody(call.request)).toString()
  if (type === 'application/apply-patch+yaml') return serverSideApply(call, deps, body)
  const patch = parsePatch(body)
  const { kind, route, context } = call
  const isScale = route.subresource === 'scale'
  const asType = isScale ? scaleType : kind
  const change: Change = (current) => {
    const target = isScale ? scaleOf(current) : current
    const patched = patchedBy(type, target, patch, schemaName(asType), deps)
    const decoded = { value: patched as Record<string, unknown>, duplicates: [] }
    const object = objectOf(decoded, asType, deps.schema, call.validation, context)
    return isScale ? withScale(current, object) : object
  }
  const updated = await updateObject(deps.machinery, targetOf(call), change, context)
  await answer(call, deps, 200, isScale ? scaleOf(updated) : updated)
}

function parsePatch(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as SyntaxError).message}`)
  }
}

function patchedBy(
  type: string,
  target: KubernetesObject,
  patch: unknown,
  typeName: string,
  { schema }: ApiDeps,
): unknown {
  if (type === 'application/json-patch+json') return jsonPatch(target, patch)
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}',
    )
  }
  if (type === 'application/merge-patch+json') return mergePatch(target, patch)
  return strategicMergePatch(target, patch, typeName, schema)
}

async function serverSideApply(call: KindCall, deps: ApiDeps, body: string): Promise<void> {
  const { kind, route, context, query } = call
  const { machinery, schema } = deps
  const manager = query.get('fieldManager') ?? ''
  if (!manager) {
    const error = required('fieldManager', 'is required for apply patch')
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [error])
  }
  const decoded = await decodeBody(Buffer.from(body), 'application/yaml', schema)
  if (!decoded) throw badRequest('request body is empty')
  const config = objectOf(decoded, kind, schema, call.validation, context)
  if (config.metadata?.managedFields?.length) {
    throw badRequest('metadata.managedFields must be nil')
  }
  config.metadata ??= {} as KubernetesObject['metadata']
  checkNames(
    { ...config, metadata: { ...config.metadata, name: config.metadata.name ?? route.name } },
    call,
  )
  config.apiVersion = apiVersionOf(kind)
  const application = {
    kind,
    manager,
    subresource: route.subresource,
    force: query.get('force') === 'true',
    now: machinery.clock.now(),
  }
  const applied: Applied = { ...context, applied: true }
  if (isMissing(call, deps)) {
    if (route.subresource || config.metadata.uid) throw notFound(kind, route.name)
    // Who may change what is there may not for that make what is not.
    authorize({ ...route, user: context.user, verb: 'create' }, deps.authorizers)
    const made = applyPatch(undefined, config, application, schema)
    made.metadata.name = route.name
    const stored = await createObject(machinery, kind, route.namespace, made, applied)
    return answer(call, deps, 201, stored)
  }
  const change: Change = (current) => applyPatch(current, config, application, schema)
  const stored = await updateObject(machinery, targetOf(call), change, applied)
  return answer(call, deps, 200, stored)
}

function answer(
  { response, kind, form, query, route }: KindCall,
  { machinery }: ApiDeps,
  status: number,
  object: KubernetesObject,
): Promise<void> {
  const shown = route.subresource === 'scale' ? undefined : kind
  return respondObject(
    response,
    status,
    object,
    shown,
    form,
    optionsOf(query, machinery.clock.now()),
  )
}
