/** managedFields: who set which fields, kept up to date by updates and by applies. */
import { isoSeconds } from '../../../kernel/iso-time.ts'
import type { KubernetesObject } from '../../object.ts'
import { apiVersionOf, type Kind, type RequestContext } from '../kind.ts'
import type { TrackFields } from '../machinery.ts'
import { type Schema, schemaName } from '../schema/schema.ts'
import { changedPaths, fieldPathsOf, fromFieldsV1, toFieldsV1 } from './field-paths.ts'

/** One manager's fields. */
export interface Owner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  time: string
  paths: Set<string>
}

interface Entry {
  manager?: string
  operation?: string
  apiVersion?: string
  time?: string
  fieldsV1?: unknown
  subresource?: string
}

export function ownersOf(object: KubernetesObject): Owner[] {
  return ((object.metadata.managedFields ?? []) as Entry[]).map((entry) => ({
    manager: entry.manager ?? '',
    operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
    apiVersion: entry.apiVersion ?? '',
    subresource: entry.subresource ?? '',
    time: entry.time ?? '',
    paths: fromFieldsV1(entry.fieldsV1),
  }))
}

/** Writes the owners into the object; those that own nothing are left out. */
export function writeOwners(object: KubernetesObject, owners: readonly Owner[]): void {
  const entries = owners
    .filter((owner) => owner.paths.size > 0)
    .map((owner) => ({
      manager: owner.manager,
      operation: owner.operation,
      apiVersion: owner.apiVersion,
      time: owner.time,
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(owner.paths),
      ...(owner.subresource ? { subresource: owner.subresource } : {}),
    }))
  if (entries.length > 0) object.metadata.managedFields = entries
  else delete object.metadata.managedFields
}

/**
 * Tracks what updates change. Without a field manager nothing is recorded and the old record stays. An apply writes
 * its record itself: `context.applied` tells.
 */
export function fieldTracker(schema: Schema, now: () => number): TrackFields {
  return (draft, old, kind, context, subresource) => {
    if ((context as Applied).applied) return
    const isReset = draft.metadata.managedFields?.length === 0
    if (isReset) {
      delete draft.metadata.managedFields
      return
    }
    if (!context.fieldManager) {
      if (old?.metadata.managedFields) draft.metadata.managedFields = old.metadata.managedFields
      return
    }
    track(draft, old, kind, context, subresource, schema, isoSeconds(now()))
  }
}

/** A context whose request is a server-side apply. */
export interface Applied extends RequestContext {
  readonly applied?: true
}

function track(
  draft: KubernetesObject,
  old: KubernetesObject | undefined,
  kind: Kind,
  context: RequestContext,
  subresource: string,
  schema: Schema,
  time: string,
): void {
  const typeName = schemaName(kind)
  const next = fieldPathsOf(draft, typeName, schema, true)
  const before = old ? fieldPathsOf(old, typeName, schema, true) : new Map<string, string>()
  const changed = changedPaths(before, next)
  const owners = old ? ownersOf(old) : []
  const apiVersion = apiVersionOf(kind)
  const isOwn = (o: Owner) =>
    o.manager === context.fieldManager && o.operation === 'Update' && o.subresource === subresource
  for (const owner of owners) {
    const kept = [...owner.paths].filter((p) => next.has(p) && (isOwn(owner) || !changed.has(p)))
    owner.paths = new Set(kept)
  }
  if (changed.size > 0) {
    const own = owners.find(isOwn)
    if (own) {
      for (const path of changed) own.paths.add(path)
      own.time = time
    } else {
      owners.push({
        manager: context.fieldManager,
        operation: 'Update',
        apiVersion,
        subresource,
        time,
        paths: changed,
      })
    }
  }
  writeOwners(draft, owners)
}
