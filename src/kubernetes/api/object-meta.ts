/** The rules of metadata that hold for every kind: what the server sets, what may change, what is valid. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { KubernetesObject, OwnerReference } from '../object.ts'
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from './field-errors.ts'
import type { Kind } from './kind.ts'
import { dnsLabel, labelValue, qualifiedName } from './names.ts'

const annotationBytesMax = 256 * 1024
const fieldsOfServer = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]

/** Sets what only the server sets on a new object. `now` in ms. */
export function stampCreation(draft: KubernetesObject, kind: Kind, now: number): void {
  const metadata = draft.metadata
  metadata.uid = randomUUID()
  metadata.creationTimestamp = isoSeconds(now)
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete (metadata as { resourceVersion?: string }).resourceVersion
  delete (metadata as { selfLink?: string }).selfLink
  if (kind.hasGeneration) metadata.generation = 1
  else delete metadata.generation
}

/** Keeps on an update what only the server sets, where the client left it out. */
export function keepServerFields(draft: KubernetesObject, old: KubernetesObject): void {
  const metadata = draft.metadata as unknown as Record<string, unknown>
  const before = old.metadata as unknown as Record<string, unknown>
  for (const field of [...fieldsOfServer, 'generateName']) {
    if (metadata[field] === undefined || metadata[field] === null) {
      if (before[field] === undefined) delete metadata[field]
      else metadata[field] = before[field]
    }
  }
  metadata['name'] ??= before['name']
  if (before['namespace'] !== undefined) metadata['namespace'] ??= before['namespace']
  if (before['generation'] === undefined) delete metadata['generation']
  else metadata['generation'] = before['generation']
  delete metadata['selfLink']
  // An empty list is as good as none, and is not written.
  for (const list of ['finalizers', 'ownerReferences']) {
    if (Array.isArray(metadata[list]) && metadata[list].length === 0) delete metadata[list]
  }
}

/** The errors of a new object's metadata. */
export function metaProblems(object: KubernetesObject, kind: Kind): FieldError[] {
  const { name, namespace, finalizers = [] } = object.metadata
  const problems: FieldError[] = []
  if (!name) problems.push(required('metadata.name', 'name or generateName is required'))
  else
    for (const why of kind.nameRule(name)) problems.push(invalidValue('metadata.name', name, why))
  if (kind.namespaced) {
    for (const why of dnsLabel(namespace ?? '')) {
      problems.push(invalidValue('metadata.namespace', namespace, why))
    }
  } else if (namespace) {
    problems.push(forbiddenField('metadata.namespace', 'not allowed on this type'))
  }
  for (const finalizer of finalizers) {
    for (const why of qualifiedName(finalizer)) {
      problems.push(invalidValue('metadata.finalizers', finalizer, why))
    }
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set'
    problems.push(invalidValue('metadata.finalizers', finalizers, why))
  }
  return [...problems, ...commonProblems(object)]
}

/** The errors of a changed object's metadata. */
export function metaUpdateProblems(object: KubernetesObject, old: KubernetesObject): FieldError[] {
  const problems: FieldError[] = []
  if (old.metadata.deletionTimestamp) {
    const before = new Set(old.metadata.finalizers)
    const added = (object.metadata.finalizers ?? []).filter((f) => !before.has(f))
    if (added.length > 0) {
      const list = `[]string{${added.map((f) => JSON.stringify(f)).join(', ')}}`
      const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
      problems.push(forbiddenField('metadata.finalizers', why))
    }
  }
  for (const field of ['name', 'namespace', ...fieldsOfServer] as const) {
    const now = object.metadata[field as 'name']
    if (!isDeepStrictEqual(now, old.metadata[field as 'name'])) {
      problems.push(invalidValue(`metadata.${field}`, now, 'field is immutable'))
    }
  }
  return [...problems, ...commonProblems(object)]
}

function commonProblems(object: KubernetesObject): FieldError[] {
  const { labels, annotations, ownerReferences } = object.metadata
  return [
    ...labelMapProblems(labels ?? {}, 'metadata.labels'),
    ...annotationProblems(annotations ?? {}),
    ...(ownerReferences ? ownerProblems(ownerReferences) : []),
  ]
}

/** Checks keys and values of labels. */
export function labelMapProblems(labels: Readonly<Record<string, string>>, path: string) {
  const problems: FieldError[] = []
  for (const [key, value] of Object.entries(labels)) {
    for (const why of qualifiedName(key)) problems.push(invalidValue(path, key, why))
    for (const why of labelValue(value)) problems.push(invalidValue(path, value, why))
  }
  return problems
}

function annotationProblems(annotations: Readonly<Record<string, string>>): FieldError[] {
  const path = 'metadata.annotations'
  const problems: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
    for (const why of qualifiedName(key.toLowerCase())) problems.push(invalidValue(path, key, why))
  }
  return bytes > annotationBytesMax ? [...problems, tooLong(path, annotationBytesMax)] : problems
}

function ownerProblems(references: readonly OwnerReference[]): FieldError[] {
  const path = 'metadata.ownerReferences'
  const problems: FieldError[] = []
  let controller: string | undefined
  for (const reference of references) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (reference[field]) continue
      const what = field === 'apiVersion' ? 'version' : field
      problems.push(invalidValue(`${path}.${field}`, reference[field], `${what} must not be empty`))
    }
    if (!reference.controller) continue
    const name = `${reference.kind}/${reference.name}`
    if (controller) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`
      problems.push(invalidValue(path, references, why))
    } else controller = name
  }
  return problems
}
