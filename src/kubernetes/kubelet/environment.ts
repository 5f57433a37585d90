/** A container's environment and command line from its spec: sources, downward fields, `$(VAR)`. */

import type { PodSandbox } from '../network/pod-network.ts'
import type { KubernetesObject } from '../object.ts'
import { divideQuantity } from '../quantity.ts'

/** Why a container cannot be configured now; it waits with `CreateContainerConfigError`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface PodFacts {
  readonly pod: KubernetesObject
  readonly podIp: string
  /** The pod's own network, where it has one. */
  readonly sandbox?: PodSandbox
  readonly hostIp: string
  readonly nodeName: string
  /** `kind` is ConfigMap or Secret; of the pod's namespace. */
  lookup(kind: 'ConfigMap' | 'Secret', name: string): KubernetesObject | undefined
  /** What the node gives a container that sets no limit of its own. */
  readonly allocatable: { readonly cpu: string; readonly memory: string }
}

/**
 * `base` is what the node gives every container; its entries yield to the container's own. `envFrom` comes before
 * `env`, later entries win. Throws ConfigError in the kubelet's words.
 */
export function buildEnvironment(
  container: ContainerFields,
  base: Readonly<Record<string, string>>,
  facts: PodFacts,
): Record<string, string> {
  const own: Record<string, string> = {}
  for (const source of container.envFrom ?? []) Object.assign(own, envFrom(source, facts))
  // As the kubelet: a reference sees what stands before it, and the node's services.
  for (const entry of container.env ?? []) {
    if (entry.valueFrom) {
      const value = valueFrom(entry.valueFrom, container, facts)
      if (value !== undefined) own[entry.name] = value
    } else own[entry.name] = expand(entry.value ?? '', { ...base, ...own })
  }
  return { ...base, ...own }
}

export interface ContainerFields {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { name: string; value?: string; valueFrom?: ValueSource }[]
  readonly envFrom?: readonly EnvFromSource[]
  // biome-ignore lint/suspicious/noExplicitAny: the fields of a container are the API's, not ours to close
  readonly [field: string]: any
}

interface KeySelector {
  readonly name?: string
  readonly key: string
  readonly optional?: boolean
}

interface ValueSource {
  readonly fieldRef?: { readonly fieldPath: string }
  readonly resourceFieldRef?: ResourceSelector
  readonly configMapKeyRef?: KeySelector
  readonly secretKeyRef?: KeySelector
}

interface ResourceSelector {
  readonly containerName?: string
  readonly resource: string
  readonly divisor?: string
}

interface EnvFromSource {
  readonly prefix?: string
  readonly configMapRef?: { readonly name?: string; readonly optional?: boolean }
  readonly secretRef?: { readonly name?: string; readonly optional?: boolean }
}

/** `$(NAME)` becomes the variable's value, `$$` a dollar sign; references to what is not there stay. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    return Object.hasOwn(variables, name) ? (variables[name] ?? '') : whole
  })
}

function envFrom(source: EnvFromSource, facts: PodFacts): Record<string, string> {
  const kind = source.configMapRef ? 'ConfigMap' : 'Secret'
  const reference = source.configMapRef ?? source.secretRef
  const name = reference?.name ?? ''
  const object = facts.lookup(kind, name)
  if (!object) {
    if (reference?.optional) return {}
    throw new ConfigError(`${kind.toLowerCase()} "${name}" not found`)
  }
  const prefix = source.prefix ?? ''
  return Object.fromEntries(
    Object.entries(dataOf(object)).map(([key, value]) => [prefix + key, value.toString()]),
  )
}

function valueFrom(
  source: ValueSource,
  container: ContainerFields,
  facts: PodFacts,
): string | undefined {
  if (source.fieldRef) return fieldValue(source.fieldRef.fieldPath, facts)
  if (source.resourceFieldRef) return resourceValue(source.resourceFieldRef, container, facts)
  const kind = source.configMapKeyRef ? 'ConfigMap' : 'Secret'
  const reference = source.configMapKeyRef ?? source.secretKeyRef
  if (!reference) return ''
  const { name = '', key, optional } = reference
  const object = facts.lookup(kind, name)
  if (!object) {
    if (optional) return undefined
    throw new ConfigError(`${kind.toLowerCase()} "${name}" not found`)
  }
  const value = dataOf(object)[key]
  if (value !== undefined) return value.toString()
  if (optional) return undefined
  throw new ConfigError(
    `couldn't find key ${key} in ${kind} ${facts.pod.metadata.namespace}/${name}`,
  )
}

/** A ConfigMap's or Secret's values, decoded. */
export function dataOf(object: KubernetesObject): Record<string, Buffer> {
  const encoded = object.kind === 'Secret'
  const entries: [string, Buffer][] = []
  for (const [key, value] of Object.entries<string>(object['binaryData'] ?? {})) {
    entries.push([key, Buffer.from(value, 'base64')])
  }
  for (const [key, value] of Object.entries<string>(object['data'] ?? {})) {
    entries.push([key, Buffer.from(value, encoded ? 'base64' : 'utf8')])
  }
  return Object.fromEntries(entries)
}

/** A downward API field's text. Throws ConfigError for a path that does not exist. */
export function fieldValue(path: string, facts: PodFacts): string {
  const { pod, podIp, hostIp, nodeName } = facts
  const { metadata } = pod
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (subscript)
    return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? ''
  const values: Record<string, () => string> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace ?? '',
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => mapText(metadata.labels),
    'metadata.annotations': () => mapText(metadata.annotations),
    'spec.nodeName': () => nodeName,
    'spec.serviceAccountName': () => pod['spec'].serviceAccountName ?? 'default',
    'status.hostIP': () => hostIp,
    'status.hostIPs': () => hostIp,
    'status.podIP': () => podIp,
    'status.podIPs': () => podIp,
  }
  const value = Object.hasOwn(values, path) ? values[path] : undefined
  if (!value) throw new ConfigError(`unsupported fieldPath: ${path}`)
  return value()
}

function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}

/** A container's own limit or request, else (for limits) what the node has. */
export function resourceValue(
  selector: ResourceSelector,
  container: ContainerFields,
  facts: PodFacts,
): string {
  const of = selector.containerName
    ? facts.pod['spec'].containers.find((c: ContainerFields) => c.name === selector.containerName)
    : container
  const [kind = '', resource = ''] = selector.resource.split('.')
  const own = of?.resources?.[kind]?.[resource]
  const fallback = kind === 'limits' ? facts.allocatable[resource as 'cpu' | 'memory'] : undefined
  return divideQuantity(own ?? fallback ?? '0', selector.divisor ?? '1')
}
