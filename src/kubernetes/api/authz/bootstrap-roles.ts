/** The roles and bindings that a cluster has from its first moment; at each start what they lack is added again. */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { brotliDecompressSync } from 'node:zlib'
import type { ClusterClient } from '../../cluster-client.ts'
import type { KubernetesObject, ResourceRef } from '../../object.ts'
import type { Kind } from '../kind.ts'
import { clusterRoleBindings, roleBindings } from '../resources/role-bindings.ts'
import { clusterRoles, roles } from '../resources/roles.ts'
import type { PolicyRule } from './policy-rule.ts'
import { uncovered } from './rule-cover.ts'

/** `"false"` keeps a default role or binding as its owner changed it. */
const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

interface DefaultObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly rules?: readonly PolicyRule[] | null
  readonly aggregationRule?: { readonly clusterRoleSelectors: readonly object[] }
  readonly roleRef?: object
  readonly subjects?: readonly object[]
}

/** Makes Kubernetes' default roles and bindings where they are missing, and adds to those that are there. */
export async function bootstrapRoles(client: ClusterClient): Promise<void> {
  const defaults = readDefaults()
  for (const kind of [clusterRoles, clusterRoleBindings, roles, roleBindings]) {
    const wanted = defaults[kind.resource] ?? []
    await Promise.all(wanted.map((object) => reconcile(client, kind, object)))
  }
}

function readDefaults(): Readonly<Record<string, readonly DefaultObject[]>> {
  const path = new URL('../../../../data/kubernetes/roles.json.br', import.meta.url)
  return JSON.parse(brotliDecompressSync(readFileSync(path)).toString())
}

async function reconcile(client: ClusterClient, kind: Kind, wanted: DefaultObject): Promise<void> {
  const { namespace, name } = wanted.metadata
  const found = client.get(kind, namespace, name)
  if (!found) {
    await client.create(kind, namespace, wanted)
    return
  }
  if (found.metadata.annotations?.[autoUpdate] === 'false') return
  if (wanted.roleRef && !isDeepStrictEqual(wanted.roleRef, found['roleRef'])) {
    await replace(client, kind, wanted)
    return
  }
  await client.modify(kind, namespace, name, (current) => {
    const next = extended(current, wanted)
    return isDeepStrictEqual(next, current) ? undefined : next
  })
}

/** A role is given by a binding for good: another one takes another binding. */
async function replace(
  client: ClusterClient,
  kind: ResourceRef,
  wanted: DefaultObject,
): Promise<void> {
  const { namespace, name } = wanted.metadata
  await client.delete(kind, namespace, name)
  await client.create(kind, namespace, wanted)
}

/** What is there with what is missing; nothing is taken away. */
function extended(current: KubernetesObject, wanted: DefaultObject): KubernetesObject {
  const { labels, annotations } = wanted.metadata
  const metadata = {
    ...current.metadata,
    labels: { ...labels, ...current.metadata.labels },
    annotations: { ...annotations, ...current.metadata.annotations },
  }
  const next: KubernetesObject = { ...current, metadata }
  const lacking = (has: readonly object[], wants: readonly object[]) =>
    wants.filter((one) => !has.some((known) => isDeepStrictEqual(known, one)))
  if (wanted.roleRef) {
    const subjects: object[] = current['subjects'] ?? []
    const missing = lacking(subjects, wanted.subjects ?? [])
    return missing.length > 0 ? { ...next, subjects: [...subjects, ...missing] } : next
  }
  if (wanted.aggregationRule) {
    const selectors: object[] = current['aggregationRule']?.clusterRoleSelectors ?? []
    const missing = lacking(selectors, wanted.aggregationRule.clusterRoleSelectors)
    if (missing.length === 0) return next
    return { ...next, aggregationRule: { clusterRoleSelectors: [...selectors, ...missing] } }
  }
  const rules: PolicyRule[] = current['rules'] ?? []
  const missing = uncovered(rules, wanted.rules ?? [])
  return missing.length > 0 ? { ...next, rules: [...rules, ...missing] } : next
}
