/** Changes an object: the read, the change, admission, rules of the kind, validation, compare-and-set. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../object.ts'
import { optionsOf } from './create-object.ts'
import { invalidValue } from './field-errors.ts'
import { apiVersionOf, type Kind, type RequestContext } from './kind.ts'
import { getObject, type Machinery } from './machinery.ts'
import { keepServerFields, metaUpdateProblems } from './object-meta.ts'
import { conflict, invalid, modifiedText } from './status.ts'

const attemptsMax = 10

/** Makes the new object of the current one, which it may change in place. */
export type Change = (current: KubernetesObject) => KubernetesObject | Promise<KubernetesObject>

export interface UpdateTarget {
  readonly kind: Kind
  readonly namespace: string | undefined
  readonly name: string
  /** `status` changes only status, `finalize` only spec.finalizers; empty: the rest. */
  readonly subresource?: string
}

/**
 * Applies `change` to the stored object. A resourceVersion that the new object names must be the current one, else
 * Conflict; without, the change is made again on what came in between. A change that changes nothing writes nothing.
 */
export async function updateObject(
  machinery: Machinery,
  target: UpdateTarget,
  change: Change,
  context: RequestContext,
): Promise<KubernetesObject> {
  const { kind, namespace, name } = target
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const old = getObject(machinery, kind, namespace, name)
    const draft = await change(structuredClone(old))
    draft.metadata ??= {} as KubernetesObject['metadata']
    checkPreconditions(draft, old, kind)
    const next = await prepare(machinery, target, draft, old, context)
    if (isDeepStrictEqual(withoutTimes(next), withoutTimes(old))) return old
    if (context.dryRun) return next
    const written = isReleased(next)
      ? await machinery.objects.delete(kind, next)
      : await machinery.objects.update(kind, next, old)
    if (written) return written
  }
  throw conflict(kind, name, modifiedText)
}

function checkPreconditions(draft: KubernetesObject, old: KubernetesObject, kind: Kind): void {
  const { uid, resourceVersion } = draft.metadata
  const { name } = old.metadata
  if (uid && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`
    throw conflict(kind, name, why)
  }
  if (!resourceVersion && !kind.unconditionalUpdate) {
    const error = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')
    throw invalid(kind, name, [{ ...error, printed: '0x0' }])
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(kind, name, modifiedText)
  }
}

async function prepare(
  machinery: Machinery,
  target: UpdateTarget,
  draft: KubernetesObject,
  old: KubernetesObject,
  context: RequestContext,
): Promise<KubernetesObject> {
  const { kind, namespace, name, subresource = '' } = target
  settle(draft, old, kind)
  if (!subresource) kind.defaults?.(draft)
  const request = {
    operation: 'UPDATE' as const,
    kind,
    subresource,
    namespace,
    name,
    object: draft as KubernetesObject | undefined,
    oldObject: old,
    options: { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1', ...optionsOf(context) },
    context,
  }
  await machinery.admission.admit(request)
  const admitted = request.object ?? draft
  settle(admitted, old, kind)
  const next = limited(admitted, old, target)
  if (kind.hasGeneration && !isDeepStrictEqual(substance(next), substance(old))) {
    next.metadata.generation = (old.metadata.generation ?? 0) + 1
  }
  const problems = [...metaUpdateProblems(next, old)]
  if (!subresource) {
    problems.push(...(kind.validate?.(next) ?? []), ...(kind.validateUpdate?.(next, old) ?? []))
  }
  if (problems.length > 0) throw invalid(kind, name, problems)
  machinery.track(next, old, kind, context, subresource)
  return next
}

function settle(draft: KubernetesObject, old: KubernetesObject, kind: Kind): void {
  draft.apiVersion = apiVersionOf(kind)
  draft.kind = kind.kind
  keepServerFields(draft, old)
  draft.metadata.resourceVersion = old.metadata.resourceVersion
}

/** Only what the subresource may change is taken from the draft. */
function limited(
  draft: KubernetesObject,
  old: KubernetesObject,
  { kind, subresource }: UpdateTarget,
): KubernetesObject {
  if (subresource === 'status') {
    const managedFields = draft.metadata.managedFields
    const metadata = { ...old.metadata, ...(managedFields ? { managedFields } : {}) }
    return { ...old, metadata, status: draft['status'] }
  }
  if (subresource === 'finalize') {
    const metadata = { ...old.metadata, finalizers: draft.metadata.finalizers ?? [] }
    if (metadata.finalizers.length === 0) delete (metadata as { finalizers?: unknown }).finalizers
    return {
      ...old,
      metadata,
      spec: { ...old['spec'], finalizers: draft['spec']?.finalizers ?? [] },
    }
  }
  kind.prepareUpdate?.(draft, old)
  return draft
}

/** What `metadata.generation` counts the changes of. */
function substance(object: KubernetesObject): object {
  const { metadata: _m, status: _s, apiVersion: _a, kind: _k, ...rest } = object
  return rest
}

/** Times of field ownership do not make a change. */
function withoutTimes(object: KubernetesObject): object {
  const managed = (object.metadata.managedFields ?? []) as object[]
  const managedFields = managed.map((entry) => ({ ...entry, time: '' }))
  return { ...object, metadata: { ...object.metadata, managedFields } }
}

/** True when an object that is being deleted has nothing left that holds it. */
export function isReleased(object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata
  if (!deletionTimestamp || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false
  return !(object.kind === 'Namespace' && object['spec']?.finalizers?.length)
}
