/** The garbage collector: what belongs to something that is gone goes too, or is let go, as the deletion asked. */
import { apiVersionOf, type Kind } from '../api/kind.ts'
import { kinds } from '../api/resources/kinds.ts'
import type { KubernetesObject, OwnerReference } from '../object.ts'
import { type Controller, type ControllerContext, running, unless } from './controller.ts'
import { WorkQueue } from './work-queue.ts'

/** Events own nothing and are owned by nothing; views show what another kind stores. */
const watched = kinds.filter((kind) => !kind.view && kind.resource !== 'events')

interface Known {
  readonly kind: Kind
  readonly namespace: string | undefined
  readonly name: string
  readonly owners: readonly OwnerReference[]
}

export const garbageCollector: Controller = (context) => {
  const { client, clock, log } = context
  const known = new Map<string, Known>()
  const dependents = new Map<string, Set<string>>()
  const queue = new WorkQueue({
    name: 'garbage collector',
    clock,
    log,
    async reconcile(uid) {
      const of = known.get(uid)
      if (!of) return
      const object = client.get(of.kind, of.namespace, of.name)
      if (object?.metadata.uid !== uid) return
      const { deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata
      if (deletionTimestamp) {
        const below = [...(dependents.get(uid) ?? [])].flatMap((d) => known.get(d) ?? [])
        if (finalizers.includes('orphan')) await orphan(object, of, below, context)
        else if (finalizers.includes('foregroundDeletion'))
          await foreground(object, of, below, context)
      } else if (ownerReferences.length > 0) await collect(object, of, context)
    },
  })
  const link = (uid: string, owners: readonly OwnerReference[], isThere: boolean) => {
    for (const owner of owners) {
      const below = dependents.get(owner.uid) ?? new Set()
      if (isThere) below.add(uid)
      else below.delete(uid)
      if (below.size > 0) dependents.set(owner.uid, below)
      else dependents.delete(owner.uid)
    }
  }
  const watches = watched.map((kind) =>
    client.watch(kind, {}, ({ type, object }) => {
      const { uid, namespace, name, ownerReferences: owners = [] } = object.metadata
      link(uid, known.get(uid)?.owners ?? [], false)
      if (type === 'DELETED') {
        known.delete(uid)
        for (const dependent of dependents.get(uid) ?? []) queue.add(dependent)
      } else {
        known.set(uid, { kind, namespace, name, owners })
        link(uid, owners, true)
        if (owners.length > 0 || object.metadata.deletionTimestamp) queue.add(uid)
      }
      // An owner that is deleted in the foreground waits for this one.
      for (const owner of owners) queue.add(owner.uid)
    }),
  )
  return running(watches, queue)
}

/** Deletes an object none of whose owners is there any more; references to some that are gone are taken off. */
async function collect(
  object: KubernetesObject,
  { kind, namespace, name }: Known,
  context: ControllerContext,
): Promise<void> {
  const { client } = context
  const { uid, ownerReferences = [] } = object.metadata
  const alive = ownerReferences.filter((owner) => isThere(owner, namespace, context))
  if (alive.length === ownerReferences.length) return
  if (alive.length === 0) {
    const options = { propagationPolicy: 'Background', uid } as const
    await unless(['NotFound', 'Conflict'], () => client.delete(kind, namespace, name, options))
  } else await setOwners(kind, namespace, name, alive, context)
}

/** Of a kind that is not served nothing can be known: such an owner counts as there. */
function isThere(
  { apiVersion, kind, name, uid }: OwnerReference,
  namespace: string | undefined,
  { client }: ControllerContext,
): boolean {
  const of = kinds.find((k) => k.kind === kind && apiVersionOf(k) === apiVersion)
  if (!of) return true
  return client.get(of, of.namespaced ? namespace : undefined, name)?.metadata.uid === uid
}

async function orphan(
  object: KubernetesObject,
  of: Known,
  below: readonly Known[],
  context: ControllerContext,
): Promise<void> {
  for (const { kind, namespace, name, owners } of below) {
    const others = owners.filter((owner) => owner.uid !== object.metadata.uid)
    await setOwners(kind, namespace, name, others, context)
  }
  await dropFinalizer(of, 'orphan', context)
}

async function foreground(
  object: KubernetesObject,
  of: Known,
  below: readonly Known[],
  context: ControllerContext,
): Promise<void> {
  const { client } = context
  const { uid } = object.metadata
  const blocking = below.filter(({ owners }) =>
    owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion),
  )
  for (const { kind, namespace, name } of below) {
    const current = client.get(kind, namespace, name)
    if (!current || current.metadata.deletionTimestamp) continue
    const options = { propagationPolicy: 'Foreground', uid: current.metadata.uid } as const
    await unless(['NotFound', 'Conflict'], () => client.delete(kind, namespace, name, options))
  }
  if (blocking.length === 0) await dropFinalizer(of, 'foregroundDeletion', context)
}

async function dropFinalizer(
  { kind, namespace, name }: Known,
  finalizer: string,
  { client }: ControllerContext,
): Promise<void> {
  await client.modify(kind, namespace, name, (current) => {
    const finalizers = (current.metadata.finalizers ?? []).filter((f) => f !== finalizer)
    return { ...current, metadata: { ...current.metadata, finalizers } }
  })
}

async function setOwners(
  kind: Kind,
  namespace: string | undefined,
  name: string,
  ownerReferences: readonly OwnerReference[],
  { client }: ControllerContext,
): Promise<void> {
  await client.modify(kind, namespace, name, (current) => ({
    ...current,
    metadata: { ...current.metadata, ownerReferences: [...ownerReferences] },
  }))
}
