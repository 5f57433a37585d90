/** EKS's limits on what callers name and tag. */
import type { EncryptionConfig } from '@aws-sdk/client-eks'
import type { Constraints } from '../protocol/constraints.ts'
import { invalidParameter } from './errors.ts'
import type { Tags } from './records.ts'

const name = '^[0-9A-Za-z][A-Za-z0-9\\-_]*'
const roleArn = { pattern: 'arn:aws:iam::\\d{12}:role/.+' }
const sessionPolicy = { length: [1, 2048] } as const
const modes = { oneOf: ['API', 'API_AND_CONFIG_MAP', 'CONFIG_MAP'] }
const results = { range: [1, 100] } as const

/** Limits of the fields that EKS keeps, by structure and member. */
export const constraints: Constraints = {
  'CreateClusterRequest.name': { length: [1, 100], pattern: name },
  'CreateClusterRequest.roleArn': roleArn,
  'CreateAccessConfigRequest.authenticationMode': modes,
  'UpdateAccessConfigRequest.authenticationMode': modes,
  'UpgradePolicyRequest.supportType': { oneOf: ['STANDARD', 'EXTENDED'] },
  'KubernetesNetworkConfigRequest.ipFamily': { oneOf: ['ipv4'] },
  'KubernetesNetworkConfigRequest.serviceIpv4Cidr': {
    pattern: '(10|172|192)\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}/(1[2-9]|2[0-4])',
  },
  'CreateNodegroupRequest.nodegroupName': { length: [1, 63], pattern: name },
  'CreateNodegroupRequest.nodeRole': roleArn,
  'NodegroupScalingConfig.minSize': { range: [0, 450] },
  'NodegroupScalingConfig.maxSize': { range: [1, 450] },
  'NodegroupScalingConfig.desiredSize': { range: [0, 450] },
  'Taint.key': { length: [1, 63] },
  'Taint.value': { length: [0, 63] },
  'Taint.effect': { oneOf: ['NO_SCHEDULE', 'NO_EXECUTE', 'PREFER_NO_SCHEDULE'] },
  capacityType: { oneOf: ['ON_DEMAND', 'SPOT', 'CAPACITY_BLOCK'] },
  'CreatePodIdentityAssociationRequest.namespace': { length: [1, 63] },
  'CreatePodIdentityAssociationRequest.serviceAccount': { length: [1, 253] },
  'CreatePodIdentityAssociationRequest.roleArn': roleArn,
  'CreatePodIdentityAssociationRequest.targetRoleArn': roleArn,
  'CreatePodIdentityAssociationRequest.policy': sessionPolicy,
  'UpdatePodIdentityAssociationRequest.roleArn': roleArn,
  'UpdatePodIdentityAssociationRequest.policy': { length: [0, 2048] },
  'CreateAddonRequest.addonName': { length: [1, 100], pattern: name },
  'CreateAddonRequest.serviceAccountRoleArn': roleArn,
  'CreateAddonRequest.configurationValues': { length: [0, 100_000] },
  'UpdateAddonRequest.configurationValues': { length: [0, 100_000] },
  'AddonPodIdentityAssociations.roleArn': roleArn,
  resolveConflicts: { oneOf: ['OVERWRITE', 'NONE', 'PRESERVE'] },
  'CreateFargateProfileRequest.selectors': { length: [0, 5] },
  'CreateFargateProfileRequest.fargateProfileName': { length: [1, 63], pattern: name },
  'CreateFargateProfileRequest.podExecutionRoleArn': roleArn,
  'FargateProfileSelector.namespace': { length: [1, 63] },
  'AccessScope.type': { oneOf: ['cluster', 'namespace'] },
  tags: { length: [0, 50] },
  labels: { length: [0, 100] },
  maxResults: results,
}

/** Checks keys and values of tags that are to be set. */
export function checkTags(tags: Tags | undefined): Tags {
  for (const [key, value] of Object.entries(tags ?? {})) {
    if (key.length < 1 || key.length > 128 || /^aws:/i.test(key)) {
      throw invalidParameter(
        `Tag key ${key.slice(0, 128)} is invalid: it must have 1 to 128 characters and may not begin with aws:.`,
      )
    }
    if (value.length > 256) {
      throw invalidParameter(`The value of tag ${key} is longer than 256 characters.`)
    }
  }
  return tags ?? {}
}

/** The key of a cluster's one encryption configuration, which can be of secrets only. */
export function encryptionKeyOf(
  given: readonly EncryptionConfig[] = [],
  clusterName: string,
): string {
  const [config] = given
  if (!config || given.length > 1) {
    throw invalidParameter('Exactly one encryption configuration must be given.', { clusterName })
  }
  const { resources = [], provider } = config
  if (resources.length !== 1 || resources[0] !== 'secrets') {
    throw invalidParameter('The resources of an encryption configuration must be [secrets].', {
      clusterName,
    })
  }
  if (!provider?.keyArn) {
    throw invalidParameter('The provider of an encryption configuration needs a keyArn.', {
      clusterName,
    })
  }
  return provider.keyArn
}
