/** The mutation itself: from a pod and its identity to the smallest JSON Patch that gives it a role and a token. */
import type { ContainerFacts, PodFacts } from '../chain/links/pod-facts.ts'
import { readNames } from './annotations.ts'
import { decideIdentity, type Identity, type IdentityFacts } from './identity.ts'
import type { WebhookSettings } from './settings.ts'

/** RFC 6902; only additions are needed. */
export interface PatchOperation {
  readonly op: 'add'
  readonly path: string
  readonly value: unknown
}

export interface Mutation {
  readonly result: 'mutated' | 'unchanged' | 'not-injected' | 'denied'
  /** For metrics and explanation: `injected`, `no-role`, `no-service-account`, `invalid`. */
  readonly reason: string
  readonly identity?: Identity
  /** Empty unless `mutated`. */
  readonly patch: readonly PatchOperation[]
  /** Shown to whoever creates the pod. */
  readonly warnings: readonly string[]
}

/** Decides and builds the patch. Fields that we do not know stay as they are: nothing is replaced, only added to. */
export function mutate(facts: IdentityFacts): Mutation {
  const answer = decideIdentity(facts)
  switch (answer.kind) {
    case 'none':
      return { result: 'not-injected', reason: answer.reason, patch: [], warnings: [] }
    case 'invalid': {
      const result = facts.settings.strict ? 'denied' : 'not-injected'
      return { result, reason: 'invalid', patch: [], warnings: [answer.reason] }
    }
    case 'identity': {
      const patch = patchOf(facts.pod, answer.identity, facts)
      const result = patch.length > 0 ? 'mutated' : 'unchanged'
      const { identity, warnings } = answer
      return { result, reason: 'injected', identity, patch, warnings }
    }
  }
}

function patchOf(pod: PodFacts, identity: Identity, facts: IdentityFacts): PatchOperation[] {
  const patch = identity.mode === 'container_credentials' ? labelPatch(pod) : []
  const { name, exists } = chooseVolume(pod, identity)
  if (!exists) patch.push(volumePatch(pod, identity, name))
  const skips = skipRule(pod, facts)
  const windows = isWindows(pod)
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (pod.spec?.[list] ?? []).entries()) {
      if (skips(container.name ?? '')) continue
      const at = `/spec/${list}/${index}`
      patch.push(...containerPatch(container, at, identity, name, facts.settings, windows))
    }
  }
  return patch
}

/** Which association mode's pods carry, as EKS sets it. */
function labelPatch({ metadata }: PodFacts): PatchOperation[] {
  const label = 'eks.amazonaws.com/pod-identity'
  if (!metadata.labels)
    return [{ op: 'add', path: '/metadata/labels', value: { [label]: 'enabled' } }]
  if (metadata.labels[label] === 'enabled') return []
  return [{ op: 'add', path: '/metadata/labels/eks.amazonaws.com~1pod-identity', value: 'enabled' }]
}

/** A volume of our name that is not our token is left alone and another name taken: SDKs must never read a foreign file. */
function chooseVolume(pod: PodFacts, identity: Identity): { name: string; exists: boolean } {
  const volumes = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, volume]))
  for (let count = 1; ; count++) {
    const name = count === 1 ? identity.volumeName : `${identity.volumeName}-${count}`
    const volume = volumes.get(name)
    if (!volume) return { name, exists: false }
    const ours = volume.projected?.sources?.some(
      ({ serviceAccountToken: token }) =>
        token?.path === identity.tokenFile && (token.audience ?? '') === identity.audience,
    )
    if (ours) return { name, exists: true }
  }
}

function volumePatch(pod: PodFacts, identity: Identity, name: string): PatchOperation {
  const { audience, expirationSeconds, tokenFile } = identity
  const token = { ...(audience ? { audience } : {}), expirationSeconds, path: tokenFile }
  const volume = { name, projected: { sources: [{ serviceAccountToken: token }] } }
  return pod.spec?.volumes
    ? { op: 'add', path: '/spec/volumes/0', value: volume }
    : { op: 'add', path: '/spec/volumes', value: [volume] }
}

function containerPatch(
  container: ContainerFacts,
  at: string,
  identity: Identity,
  volumeName: string,
  settings: WebhookSettings,
  windows: boolean,
): PatchOperation[] {
  const has = (...names: readonly string[]) =>
    (container.env ?? []).some((entry) => names.includes(entry.name))
  const hasCredentials = has(identity.valueVariable, identity.pathVariable)
  const hasRegion = has('AWS_REGION', 'AWS_DEFAULT_REGION')
  const hasRegional = has('AWS_STS_REGIONAL_ENDPOINTS')
  // Everything is set by hand: the author wants to be left alone.
  if (hasCredentials && hasRegion && hasRegional) return []
  const mount = chooseMount(container, volumeName, identity.mountPath)
  const env: { name: string; value: string }[] = []
  if (identity.regionalSts && !hasRegional) {
    env.push({ name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' })
  }
  if (settings.region && !hasRegion) {
    env.push({ name: 'AWS_DEFAULT_REGION', value: settings.region })
    env.push({ name: 'AWS_REGION', value: settings.region })
  }
  if (!hasCredentials) {
    env.push({ name: identity.valueVariable, value: identity.value })
    env.push({ name: identity.pathVariable, value: tokenPath(mount.path, identity, windows) })
  }
  const mounts =
    // With credentials of its own, a container whose path is taken needs no second place for the token.
    mount.exists || (hasCredentials && mount.path !== identity.mountPath)
      ? []
      : [{ name: volumeName, readOnly: true, mountPath: mount.path }]
  return [
    ...append(container.env, `${at}/env`, env),
    ...append(container.volumeMounts, `${at}/volumeMounts`, mounts),
  ]
}

/** Where the token is, or will be: a path that another volume holds is left to it. */
function chooseMount(
  container: ContainerFacts,
  volumeName: string,
  wanted: string,
): { path: string; exists: boolean } {
  const mounts = container.volumeMounts ?? []
  const ours = mounts.find(
    (mount) => mount.name === volumeName && mount.mountPath && !mount.subPath && !mount.subPathExpr,
  )
  if (ours?.mountPath) return { path: ours.mountPath, exists: true }
  const clean = (path = '') => path.replace(/\/+$/, '')
  const taken = new Set(mounts.map(({ mountPath }) => clean(mountPath)))
  for (let count = 1; ; count++) {
    const path = count === 1 ? wanted : `${clean(wanted)}-${count}`
    if (!taken.has(clean(path))) return { path, exists: false }
  }
}

/** Windows has the drive and backslashes in the variable, though the mount keeps its slashes. */
function tokenPath(folder: string, { tokenFile }: Identity, windows: boolean): string {
  const path = `${folder}/${tokenFile}`.replace(/\/{2,}/g, '/')
  return windows ? `C:${path.replaceAll('/', '\\')}` : path
}

function append(
  list: readonly unknown[] | undefined,
  path: string,
  values: readonly unknown[],
): PatchOperation[] {
  if (values.length === 0) return []
  if (!list) return [{ op: 'add', path, value: values }]
  return values.map((value) => ({ op: 'add', path: `${path}/-`, value }))
}

/** `include-containers` wins over `skip-containers`; both may stand on the pod or its ServiceAccount. */
function skipRule(
  pod: PodFacts,
  { serviceAccount, settings }: IdentityFacts,
): (container: string) => boolean {
  const read = (key: string) => {
    const name = `${settings.annotationPrefix}/${key}`
    return readNames(
      pod.metadata.annotations?.[name] ?? serviceAccount?.metadata.annotations?.[name],
    )
  }
  const included = read('include-containers')
  const skipped = read('skip-containers')
  return (container) => (included.size > 0 ? !included.has(container) : skipped.has(container))
}

function isWindows({ spec }: PodFacts): boolean {
  return (
    spec?.os?.name === 'windows' ||
    spec?.nodeSelector?.['kubernetes.io/os'] === 'windows' ||
    spec?.nodeSelector?.['beta.kubernetes.io/os'] === 'windows'
  )
}
