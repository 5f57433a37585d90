/** The content of a pod's configMap, secret, downwardAPI and projected volumes: which files, with which modes. */
import type { KubernetesObject } from '../object.ts'
import { containersOf, initContainersOf } from './container-record.ts'
import { dataOf, fieldValue, type PodFacts, resourceValue } from './environment.ts'
import type { VolumeFile } from './volume-files.ts'

// biome-ignore lint/suspicious/noExplicitAny: volumes are the API's, not ours to close
export type VolumeFields = Readonly<Record<string, any>> & { readonly name: string }

/** Why a volume cannot be made now; tried again later. */
export class MountError extends Error {
  override readonly name = 'MountError'
}

/** A token that a projected volume asks for; `key` tells several of one pod apart. */
export interface TokenWish {
  readonly key: string
  readonly audience: string | undefined
  readonly expirationSeconds: number
}

const modeDefault = 0o644

/** True for the kinds of volume whose files the kubelet writes. */
export function isWritten(volume: VolumeFields): boolean {
  return Boolean(
    volume['configMap'] || volume['secret'] || volume['downwardAPI'] || volume['projected'],
  )
}

/** The files of one volume; `token` gives the text for each token it projects. Throws MountError. */
export function volumeContent(
  volume: VolumeFields,
  facts: PodFacts,
  token: (wish: TokenWish) => string,
): Map<string, VolumeFile> {
  const content = new Map<string, VolumeFile>()
  const { fsGroup } = facts.pod['spec'].securityContext ?? {}
  const put = (path: string, data: Uint8Array, mode: number, uid?: number) => {
    checkPath(path)
    // As the kubelet when a group owns the volume: the group may read.
    const bits = fsGroup === undefined ? mode : mode | 0o440
    const owner = {
      ...(uid !== undefined && { uid }),
      ...(fsGroup !== undefined && { gid: fsGroup }),
    }
    content.set(path, { data, mode: bits, ...owner })
  }
  if (volume['configMap'])
    putKeys('ConfigMap', volume['configMap'].name, volume['configMap'], facts, put)
  if (volume['secret']) putKeys('Secret', volume['secret'].secretName, volume['secret'], facts, put)
  if (volume['downwardAPI']) putDownward(volume['downwardAPI'], facts, put)
  if (volume['projected']) {
    const { defaultMode = modeDefault, sources = [] } = volume['projected']
    for (const [index, source] of sources.entries()) {
      if (source.configMap) {
        putKeys(
          'ConfigMap',
          source.configMap.name,
          { defaultMode, ...source.configMap },
          facts,
          put,
        )
      }
      if (source.secret)
        putKeys('Secret', source.secret.name, { defaultMode, ...source.secret }, facts, put)
      if (source.downwardAPI) putDownward({ defaultMode, ...source.downwardAPI }, facts, put)
      if (source.serviceAccountToken) {
        const wish = tokenWish(volume.name, index, source.serviceAccountToken)
        const uid = commonUser(facts.pod)
        const isOwned = uid !== undefined || fsGroup !== undefined
        const text = Buffer.from(token(wish))
        put(source.serviceAccountToken.path, text, isOwned ? 0o600 : defaultMode, uid)
      }
    }
  }
  return content
}

/** All tokens that a pod's volumes ask for. */
export function tokenWishes(pod: KubernetesObject): TokenWish[] {
  const volumes: VolumeFields[] = pod['spec'].volumes ?? []
  return volumes.flatMap((volume) =>
    (volume['projected']?.sources ?? []).flatMap((source: VolumeFields, index: number) =>
      source['serviceAccountToken']
        ? [tokenWish(volume.name, index, source['serviceAccountToken'])]
        : [],
    ),
  )
}

/** Names of the ConfigMaps and Secrets that a pod's written volumes are made of, as `kind/name`. */
export function volumeReferences(pod: KubernetesObject): string[] {
  const volumes: VolumeFields[] = pod['spec'].volumes ?? []
  return volumes.flatMap((volume) =>
    [volume, ...(volume['projected']?.sources ?? [])].flatMap((source) => [
      ...(source.configMap ? [`ConfigMap/${source.configMap.name}`] : []),
      ...(source.secret ? [`Secret/${source.secret.secretName ?? source.secret.name}`] : []),
    ]),
  )
}

function tokenWish(
  volume: string,
  index: number,
  source: { audience?: string; expirationSeconds?: number },
): TokenWish {
  const { audience, expirationSeconds = 3600 } = source
  return { key: `${volume}/${index}`, audience: audience || undefined, expirationSeconds }
}

type Put = (path: string, data: Uint8Array, mode: number) => void

interface KeySource {
  readonly items?: readonly { key: string; path: string; mode?: number }[]
  readonly optional?: boolean
  readonly defaultMode?: number
}

function putKeys(
  kind: 'ConfigMap' | 'Secret',
  name: string,
  source: KeySource,
  facts: PodFacts,
  put: Put,
): void {
  const word = kind.toLowerCase()
  const object = facts.lookup(kind, name)
  if (!object) {
    if (source.optional) return
    throw new MountError(`${word} "${name}" not found`)
  }
  const data = dataOf(object)
  const mode = source.defaultMode ?? modeDefault
  const items = source.items ?? Object.keys(data).map((key) => ({ key, path: key }))
  for (const item of items) {
    const value = data[item.key]
    if (value) put(item.path, value, 'mode' in item && item.mode !== undefined ? item.mode : mode)
    else if (!source.optional) {
      const what = kind === 'ConfigMap' ? 'config' : 'secret'
      throw new MountError(`${word} references non-existent ${what} key: ${item.key}`)
    }
  }
}

function putDownward(
  source: VolumeFields | { items?: VolumeFields[]; defaultMode?: number },
  facts: PodFacts,
  put: Put,
): void {
  for (const item of source['items'] ?? []) {
    const first = containersOf(facts.pod)[0]
    const text = item.fieldRef
      ? fieldValue(item.fieldRef.fieldPath, facts)
      : item.resourceFieldRef && first
        ? resourceValue(item.resourceFieldRef, first, facts)
        : ''
    put(item.path, Buffer.from(text), item.mode ?? source['defaultMode'] ?? modeDefault)
  }
}

/** The user that all containers run as, when it is one and the same. */
function commonUser(pod: KubernetesObject): number | undefined {
  const ofPod = pod['spec'].securityContext?.runAsUser
  const users = [...initContainersOf(pod), ...containersOf(pod)].map(
    (c) => c['securityContext']?.runAsUser ?? ofPod,
  )
  return users.every((user) => user === users[0]) ? users[0] : undefined
}

function checkPath(path: string): void {
  const parts = path.split('/')
  if (path.startsWith('/') || parts.includes('..') || path.startsWith('..')) {
    throw new MountError(`invalid path "${path}": must be relative and must not contain '..'`)
  }
}
