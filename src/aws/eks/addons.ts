/** The add-ons on offer, and what the operations on a cluster's own share. */
import type { Addon, AddonInfo } from '@aws-sdk/client-eks'
import type { Call, Need } from '../operation.ts'
import { keyOf, resourceTags } from './access.ts'
import { invalidParameter, notFound } from './errors.ts'
import type { AddonRecord, ClusterRecord } from './records.ts'
import type { EksState } from './state.ts'
import { offeredVersions } from './versions.ts'

/** The agent on each node that trades pods' tokens for credentials. */
export const podIdentityAgent = 'eks-pod-identity-agent'

interface Offer {
  readonly type: string
  /** One version is on offer of each. */
  readonly version: string
  readonly requiresIamPermissions: boolean
  /** The ServiceAccount that an association is recommended for. */
  readonly serviceAccount?: string
  readonly recommendedPolicies?: readonly string[]
}

/** What a cluster can have. All but the agent are records only: networking and DNS are part of the embedded cluster. */
export const offers: Readonly<Record<string, Offer>> = {
  coredns: { type: 'networking', version: 'v1.11.4-eksbuild.2', requiresIamPermissions: false },
  [podIdentityAgent]: {
    type: 'security',
    version: 'v1.3.10-eksbuild.2',
    requiresIamPermissions: false,
  },
  'kube-proxy': {
    type: 'networking',
    version: 'v1.32.0-eksbuild.2',
    requiresIamPermissions: false,
  },
  'vpc-cni': {
    type: 'networking',
    version: 'v1.19.2-eksbuild.1',
    requiresIamPermissions: true,
    serviceAccount: 'aws-node',
    recommendedPolicies: ['arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'],
  },
}

/** How an operation names its add-on. */
export interface AddonName {
  readonly clusterName: string
  readonly addonName: string
}

/** The offer of that name and version; throws InvalidParameterException in EKS's words where there is none. */
export function offerOf(cluster: ClusterRecord, addonName: string, version?: string): Offer {
  const offer = Object.hasOwn(offers, addonName) ? offers[addonName] : undefined
  const subject = { clusterName: cluster.name, addonName }
  if (!offer || (version !== undefined && version !== offer.version)) {
    throw invalidParameter('Addon version specified is not supported', subject)
  }
  return offer
}

/** `eks:<action>` on an add-on; of one that does not exist any id will do. */
export function addonNeed(
  action: string,
  call: Call,
  { clusterName, addonName }: AddonName,
  state: EksState,
): Need {
  const found = state.find(keyOf(call, clusterName), 'addon', addonName)
  const { region, account } = call
  return {
    action: `eks:${action}`,
    resource: found?.arn ?? `arn:aws:eks:${region}:${account}:addon/${clusterName}/${addonName}/*`,
    context: resourceTags(found?.tags),
  }
}

/** The cluster and its add-on; throws ResourceNotFoundException for either. */
export function findAddon(
  state: EksState,
  call: Call,
  { clusterName, addonName }: AddonName,
): { cluster: ClusterRecord; addon: AddonRecord } {
  const cluster = state.cluster(keyOf(call, clusterName))
  const addon = state.find(cluster, 'addon', addonName)
  if (!addon) {
    throw notFound(`No addon: ${addonName} found in cluster: ${clusterName}`, {
      clusterName,
      addonName,
    })
  }
  return { cluster, addon }
}

/** An add-on; it is ready as soon as it is there. */
export function showAddon(
  record: AddonRecord,
  associationArns: readonly string[],
  status: NonNullable<Addon['status']> = 'ACTIVE',
): Addon {
  const { serviceAccountRoleArn, configurationValues } = record
  return {
    addonName: record.name,
    clusterName: record.clusterName,
    status,
    addonVersion: record.version,
    health: { issues: [] },
    addonArn: record.arn,
    createdAt: new Date(record.createdAt),
    modifiedAt: new Date(record.modifiedAt),
    tags: { ...record.tags },
    ...(serviceAccountRoleArn ? { serviceAccountRoleArn } : {}),
    ...(configurationValues ? { configurationValues } : {}),
    ...(associationArns.length > 0 ? { podIdentityAssociations: [...associationArns] } : {}),
  }
}

/** The cluster with or without an add-on's software, after the add-on was deleted or made again. Pure. */
export function withPreserved(
  { preservedAddons = [], ...cluster }: ClusterRecord,
  name: string,
  preserved: boolean,
): ClusterRecord {
  const others = preservedAddons.filter((other) => other !== name)
  const left = preserved ? [...others, name] : others
  return { ...cluster, ...(left.length > 0 && { preservedAddons: left }) }
}

/** The catalogue entry of an offer, for all Kubernetes versions or one. */
export function showOffer(name: string, offer: Offer, kubernetesVersion?: string): AddonInfo {
  const versions = offeredVersions().filter(
    (version) => kubernetesVersion === undefined || version === kubernetesVersion,
  )
  return {
    addonName: name,
    type: offer.type,
    publisher: 'eks',
    owner: 'aws',
    defaultNamespace: 'kube-system',
    addonVersions: [
      {
        addonVersion: offer.version,
        architecture: ['amd64', 'arm64'],
        computeTypes: ['ec2'],
        compatibilities: versions.map((clusterVersion) => ({
          clusterVersion,
          platformVersions: ['*'],
          defaultVersion: true,
        })),
        requiresConfiguration: false,
        requiresIamPermissions: offer.requiresIamPermissions,
      },
    ],
  }
}
