/** What instance metadata says of an instance, as a tree of paths: pure. */
import { isoSeconds } from '../kernel/iso-time.ts'

/** An instance, as the metadata shows it. */
export interface Instance {
  /** `i-` and 17 hex digits. */
  readonly instanceId: string
  readonly instanceType: string
  readonly privateIp: string
  /** Private DNS name. */
  readonly hostname: string
  readonly account: string
  readonly region: string
  readonly availabilityZone: string
  readonly imageId?: string
  /** ms since the epoch. */
  readonly launchedAt?: number
  /** What the instance was started with; a node's bootstrap script. */
  readonly userData?: string
}

/** A directory, a text, or a text that is made when it is asked for; undefined is "not there". */
export type MetadataNode = string | (() => string) | MetadataDirectory
export interface MetadataDirectory {
  readonly [name: string]: MetadataNode | undefined
}

const versions = ['1.0', '2011-01-01', '2016-09-02', '2019-10-01', '2021-03-23', '2023-02-15']

/** `iam` is the directory of the instance profile; undefined when the instance has none. */
export function metadataTree(
  instance: Instance,
  iam: MetadataDirectory | undefined,
): MetadataDirectory {
  const { privateIp, hostname, region, availabilityZone } = instance
  const mac = macOf(privateIp)
  const latest: MetadataDirectory = {
    dynamic: { 'instance-identity': { document: () => identityDocument(instance) } },
    'meta-data': {
      'ami-id': imageOf(instance),
      hostname,
      ...(iam && { iam }),
      'instance-action': 'none',
      'instance-id': instance.instanceId,
      'instance-life-cycle': 'on-demand',
      'instance-type': instance.instanceType,
      'local-hostname': hostname,
      'local-ipv4': privateIp,
      mac,
      network: { interfaces: { macs: { [mac]: { 'local-ipv4s': privateIp, mac } } } },
      placement: { 'availability-zone': availabilityZone, region },
      services: { domain: 'amazonaws.com', partition: 'aws' },
    },
    ...(instance.userData !== undefined && { 'user-data': instance.userData }),
  }
  return { ...Object.fromEntries(versions.map((v) => [v, latest])), latest }
}

/**
 * The text at `path`: of a directory the names in it, a line each. A slash at the end makes no difference, not
 * even after a text, which AWS CLI v2 relies on. Undefined when nothing is there.
 */
export function readMetadata(tree: MetadataDirectory, path: string): string | undefined {
  let node: MetadataNode | undefined = tree
  for (const name of path.split('/').filter(Boolean)) {
    if (typeof node !== 'object' || !Object.hasOwn(node, name)) return undefined
    node = node[name]
  }
  if (typeof node === 'function') return node()
  if (typeof node !== 'object') return node
  return Object.entries(node)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (typeof value === 'object' ? `${name}/` : name))
    .join('\n')
}

function identityDocument(instance: Instance): string {
  const { account, region, availabilityZone, instanceId, instanceType, privateIp } = instance
  const document = {
    accountId: account,
    architecture: 'x86_64',
    availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: imageOf(instance),
    instanceId,
    instanceType,
    kernelId: null,
    pendingTime: isoSeconds(instance.launchedAt ?? 0),
    privateIp,
    ramdiskId: null,
    region,
    version: '2017-09-30',
  }
  return JSON.stringify(document, null, 2)
}

/** Of instances that are given none. */
export const defaultImageId = 'ami-0123456789abcdef0'

const imageOf = (instance: Instance) => instance.imageId ?? defaultImageId

/** A locally administered address, the same for the same private address. */
function macOf(privateIp: string): string {
  const bytes = privateIp.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `06:00:${bytes.join(':')}`
}
