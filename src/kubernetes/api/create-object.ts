/** Creates an object: defaults, admission, system fields, validation, store. */
import { Refusal } from '../../kernel/refusal.ts'
import type { KubernetesObject } from '../object.ts'
import { apiVersionOf, type Kind, type RequestContext } from './kind.ts'
import type { Machinery } from './machinery.ts'
import { generatedName } from './names.ts'
import { metaProblems, stampCreation } from './object-meta.ts'
import { alreadyExists, badRequest, generateNameConflict, invalid } from './status.ts'

const nameAttemptsMax = 8

/** Stores `input` as a new object of `kind`; the input itself is not changed. */
export async function createObject(
  machinery: Machinery,
  kind: Kind,
  namespace: string | undefined,
  input: object,
  context: RequestContext,
): Promise<KubernetesObject> {
  const draft = structuredClone(input) as KubernetesObject
  placeInNamespace(draft, kind, namespace)
  kind.defaults?.(draft)
  const request = {
    operation: 'CREATE' as const,
    kind,
    subresource: '',
    namespace,
    name: draft.metadata.name ?? '',
    object: draft as KubernetesObject | undefined,
    oldObject: undefined,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', ...optionsOf(context) },
    context,
  }
  await machinery.admission.admit(request)
  const admitted = request.object ?? draft
  placeInNamespace(admitted, kind, namespace)
  return storeNew(machinery, kind, admitted, context)
}

/** The options of a write that a webhook is told. */
export function optionsOf(context: RequestContext): Record<string, unknown> {
  return {
    ...(context.dryRun ? { dryRun: ['All'] } : {}),
    ...(context.fieldManager ? { fieldManager: context.fieldManager } : {}),
  }
}

async function storeNew(
  machinery: Machinery,
  kind: Kind,
  admitted: KubernetesObject,
  context: RequestContext,
): Promise<KubernetesObject> {
  const { generateName } = admitted.metadata
  const isNamed = Boolean(admitted.metadata.name) || !generateName
  for (let attempt = 1; ; attempt++) {
    // Each name is a new attempt: what a kind makes of its name must not stay from the one before.
    const draft = isNamed ? admitted : structuredClone(admitted)
    if (!isNamed) draft.metadata.name = generatedName(generateName ?? '')
    stampCreation(draft, kind, machinery.clock.now())
    kind.prepareCreate?.(draft)
    if (!isNamed) kind.defaults?.(draft)
    const problems = [...metaProblems(draft, kind), ...(kind.validate?.(draft) ?? [])]
    if (problems.length > 0) throw invalid(kind, draft.metadata.name ?? '', problems)
    machinery.track(draft, undefined, kind, context, '')
    try {
      return await store(machinery, kind, draft, context)
    } catch (error) {
      const isTaken = error instanceof Refusal && error.code === 'AlreadyExists'
      if (isNamed || !isTaken) throw error
      if (attempt === nameAttemptsMax) throw generateNameConflict(kind, draft.metadata.name)
    }
  }
}

function store(
  { objects }: Machinery,
  kind: Kind,
  draft: KubernetesObject,
  context: RequestContext,
): Promise<KubernetesObject> | KubernetesObject {
  if (!context.dryRun) return objects.create(kind, draft)
  const { namespace, name } = draft.metadata
  if (objects.get(kind, namespace, name)) throw alreadyExists(kind, name)
  return draft
}

function placeInNamespace(
  draft: KubernetesObject,
  kind: Kind,
  namespace: string | undefined,
): void {
  draft.apiVersion = apiVersionOf(kind)
  draft.kind = kind.kind
  draft.metadata ??= {} as KubernetesObject['metadata']
  if (!kind.namespaced) {
    delete draft.metadata.namespace
    return
  }
  const named = draft.metadata.namespace
  if (named && named !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  if (namespace !== undefined) draft.metadata.namespace = namespace
}
