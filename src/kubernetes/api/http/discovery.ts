/** Discovery: what the server serves, aggregated and plain. Made once: the kinds do not change while it runs. */
import { createHash } from 'node:crypto'
import { apiVersionOf, type Kind, type Review, type Subresource } from '../kind.ts'
import type { Registry } from '../registry.ts'

/** A document and its ETag. */
export interface DiscoveryDocument {
  readonly text: string
  readonly etag: string
}

export interface Discovery {
  /** `/api`, `/apis` in the aggregated form. */
  aggregated(path: '/api' | '/apis'): DiscoveryDocument
  /** Any of the plain documents; undefined for a path that has none. */
  plain(path: string): DiscoveryDocument | undefined
}

type Entry = Kind | Review

export function discoveryOf(registry: Registry, serverAddress: string): Discovery {
  const entries: readonly Entry[] = [...registry.kinds, ...registry.reviews]
  const groups = groupsOf(entries)
  const core = document({
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: [aggregatedGroup('', groups.get('') ?? new Map())],
  })
  const named = [...groups].filter(([name]) => name !== '')
  const others = document({
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: named.map(([name, versions]) => aggregatedGroup(name, versions)),
  })
  const plain = plainDocuments(groups, serverAddress)
  return {
    aggregated: (path) => (path === '/api' ? core : others),
    plain: (path) => plain.get(path),
  }
}

type Versions = Map<string, Entry[]>

function groupsOf(entries: readonly Entry[]): Map<string, Versions> {
  const groups = new Map<string, Versions>()
  for (const entry of entries) {
    const versions = groups.get(entry.group) ?? new Map()
    groups.set(entry.group, versions)
    versions.set(entry.version, [...(versions.get(entry.version) ?? []), entry])
  }
  return groups
}

function aggregatedGroup(name: string, versions: Versions): object {
  return {
    metadata: { ...(name ? { name } : {}), creationTimestamp: null },
    versions: [...versions].map(([version, entries]) => ({
      version,
      freshness: 'Current',
      resources: entries.map((entry) => ({
        resource: entry.resource,
        responseKind: gvk(entry),
        scope: entry.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: entry.singular,
        verbs: verbsOf(entry),
        ...('verbs' in entry && entry.shortNames ? { shortNames: entry.shortNames } : {}),
        ...('verbs' in entry && entry.categories ? { categories: entry.categories } : {}),
        ...subresourcesOf(entry),
      })),
    })),
  }
}

function subresourcesOf(entry: Entry): object {
  const subresources = 'verbs' in entry ? Object.entries(entry.subresources ?? {}) : []
  if (subresources.length === 0) return {}
  return {
    subresources: subresources.map(([subresource, of]) => ({
      subresource,
      responseKind: subGvk(entry, of),
      verbs: of.verbs,
    })),
  }
}

function verbsOf(entry: Entry): readonly string[] {
  return 'verbs' in entry ? entry.verbs : ['create']
}

function gvk({ group, version, kind }: { group: string; version: string; kind: string }): object {
  return { group, version, kind }
}

function subGvk(entry: Entry, of: Subresource): object {
  return gvk({
    group: of.group ?? entry.group,
    version: of.version ?? entry.version,
    kind: of.kind,
  })
}

function plainDocuments(groups: Map<string, Versions>, serverAddress: string) {
  const documents = new Map<string, DiscoveryDocument>()
  const addresses = [{ clientCIDR: '0.0.0.0/0', serverAddress }]
  const apiVersions = {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: addresses,
  }
  documents.set('/api', document(apiVersions))
  const apiGroups: object[] = []
  for (const [group, versions] of groups) {
    for (const [version, entries] of versions) {
      const path = group ? `/apis/${group}/${version}` : `/api/${version}`
      documents.set(path, document(resourceList(group, version, entries)))
    }
    if (!group) continue
    const list = [...versions.keys()].map((version) => ({
      groupVersion: `${group}/${version}`,
      version,
    }))
    const apiGroup = { name: group, versions: list, preferredVersion: list[0] }
    apiGroups.push(apiGroup)
    const alone = { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup }
    documents.set(`/apis/${group}`, document(alone))
  }
  documents.set('/apis', document({ kind: 'APIGroupList', apiVersion: 'v1', groups: apiGroups }))
  return documents
}

function resourceList(group: string, version: string, entries: readonly Entry[]): object {
  return {
    kind: 'APIResourceList',
    ...(group ? { apiVersion: 'v1' } : {}),
    groupVersion: apiVersionOf({ group, version }),
    resources: entries.flatMap((entry) => [
      {
        name: entry.resource,
        singularName: entry.singular,
        namespaced: entry.namespaced,
        kind: entry.kind,
        verbs: verbsOf(entry),
        ...('verbs' in entry && entry.shortNames ? { shortNames: entry.shortNames } : {}),
        ...('verbs' in entry && entry.categories ? { categories: entry.categories } : {}),
      },
      ...Object.entries(('verbs' in entry && entry.subresources) || {}).map(([name, of]) => ({
        name: `${entry.resource}/${name}`,
        singularName: '',
        namespaced: entry.namespaced,
        ...(of.group === undefined ? {} : { group: of.group, version: of.version }),
        kind: of.kind,
        verbs: of.verbs,
      })),
    ]),
  }
}

function document(value: object): DiscoveryDocument {
  const text = `${JSON.stringify(value)}\n`
  const hash = createHash('sha512').update(text).digest('hex').toUpperCase()
  return { text, etag: `"${hash}"` }
}
