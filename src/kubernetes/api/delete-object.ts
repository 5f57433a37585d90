/** Deletes an object: preconditions, grace, finalizers; what is held stays with a deletionTimestamp. */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { KubernetesObject } from '../object.ts'
import type { Kind, RequestContext } from './kind.ts'
import { getObject, type Machinery } from './machinery.ts'
import { conflict, modifiedText } from './status.ts'
import { isReleased } from './update-object.ts'

const attemptsMax = 10

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

/** `done`: the object is gone; else it waits for its grace or finalizers. */
export interface Deletion {
  readonly object: KubernetesObject
  readonly done: boolean
}

export async function deleteObject(
  machinery: Machinery,
  target: { kind: Kind; namespace: string | undefined; name: string },
  options: DeleteOptions,
  context: RequestContext,
): Promise<Deletion> {
  const { kind, namespace, name } = target
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const old = getObject(machinery, kind, namespace, name)
    checkPreconditions(old, options, kind)
    if (kind.orphansByDefault && !options.propagationPolicy) context.warn(kind.orphansByDefault)
    await machinery.admission.admit({
      operation: 'DELETE',
      ...target,
      subresource: '',
      object: undefined,
      oldObject: old,
      options: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options },
      context,
    })
    const next = marked(machinery, kind, old, options)
    if (context.dryRun) return { object: next, done: isReleased(next) }
    if (isReleased(next)) {
      const object = await machinery.objects.delete(kind, old)
      if (object) return { object, done: true }
    } else {
      if (next === old) return { object: old, done: false }
      const object = await machinery.objects.update(kind, next, old)
      if (object) return { object, done: false }
    }
  }
  throw conflict(kind, name, modifiedText)
}

function checkPreconditions(old: KubernetesObject, options: DeleteOptions, kind: Kind): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const has = old.metadata
  if (uid && uid !== has.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${has.uid}`
    throw conflict(kind, has.name, why)
  }
  if (resourceVersion && resourceVersion !== has.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${has.resourceVersion}`
    throw conflict(kind, has.name, why)
  }
}

/** The object as the deletion leaves it; itself when nothing changes. */
function marked(
  { clock }: Machinery,
  kind: Kind,
  old: KubernetesObject,
  options: DeleteOptions,
): KubernetesObject {
  const asked = kind.gracePeriodSeconds?.(old, options.gracePeriodSeconds) ?? 0
  const before = old.metadata.deletionGracePeriodSeconds
  const isFirst = !old.metadata.deletionTimestamp
  const grace = isFirst ? asked : Math.min(asked, before ?? 0)
  const finalizers = finalizersFor(kind, old, options.propagationPolicy)
  const isSame = finalizers.join() === (old.metadata.finalizers ?? []).join()
  if (!isFirst && grace === before && isSame) return old
  const metadata = { ...old.metadata, finalizers }
  if (finalizers.length === 0) delete (metadata as { finalizers?: unknown }).finalizers
  if (isFirst || grace !== before) {
    metadata.deletionTimestamp = isoSeconds(clock.now() + grace * 1000)
    if (kind.kind !== 'Namespace') metadata.deletionGracePeriodSeconds = grace
  }
  if (isFirst && kind.hasGeneration) metadata.generation = (metadata.generation ?? 0) + 1
  const next: KubernetesObject = { ...old, metadata }
  if (kind.kind === 'Namespace') next['status'] = { ...old['status'], phase: 'Terminating' }
  return next
}

/** The finalizers by which the collector is told what to do with dependents. */
function finalizersFor(kind: Kind, old: KubernetesObject, asked: string | undefined): string[] {
  const finalizers = old.metadata.finalizers ?? []
  const others = finalizers.filter((f) => f !== 'orphan' && f !== 'foregroundDeletion')
  // What an earlier deletion or the client itself has put down counts before the kind's default.
  const isOpen = others.length === finalizers.length
  const policy = asked ?? (kind.orphansByDefault && isOpen ? 'Orphan' : undefined)
  if (!policy) return finalizers
  if (policy === 'Orphan') return [...others, 'orphan']
  return policy === 'Foreground' ? [...others, 'foregroundDeletion'] : others
}
