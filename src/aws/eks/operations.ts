/** Every operation of EKS: the ones served, and the ones refused by name. */
import type { OperationName } from './operation-names.gen.ts'
import { describeAddonConfiguration, describeAddonVersions } from './operations/addon-offers.ts'
import { associateAccessPolicy } from './operations/associate-access-policy.ts'
import { associateEncryptionConfig } from './operations/associate-encryption-config.ts'
import { createAccessEntry } from './operations/create-access-entry.ts'
import { createAddon } from './operations/create-addon.ts'
import { createCluster } from './operations/create-cluster.ts'
import { createFargateProfile } from './operations/create-fargate-profile.ts'
import { createNodegroup } from './operations/create-nodegroup.ts'
import { createPodIdentityAssociation } from './operations/create-pod-identity-association.ts'
import { deleteAccessEntry } from './operations/delete-access-entry.ts'
import { deleteAddon } from './operations/delete-addon.ts'
import { deleteCluster } from './operations/delete-cluster.ts'
import { deleteFargateProfile } from './operations/delete-fargate-profile.ts'
import { deleteNodegroup } from './operations/delete-nodegroup.ts'
import { deletePodIdentityAssociation } from './operations/delete-pod-identity-association.ts'
import { describeAccessEntry } from './operations/describe-access-entry.ts'
import { describeAddon } from './operations/describe-addon.ts'
import { describeCluster } from './operations/describe-cluster.ts'
import { describeClusterVersions } from './operations/describe-cluster-versions.ts'
import { describeFargateProfile } from './operations/describe-fargate-profile.ts'
import { describeNodegroup } from './operations/describe-nodegroup.ts'
import { describePodIdentityAssociation } from './operations/describe-pod-identity-association.ts'
import { disassociateAccessPolicy } from './operations/disassociate-access-policy.ts'
import { listAccessEntries } from './operations/list-access-entries.ts'
import { listAccessPolicies } from './operations/list-access-policies.ts'
import { listAddons } from './operations/list-addons.ts'
import { listAssociatedAccessPolicies } from './operations/list-associated-access-policies.ts'
import { listClusters } from './operations/list-clusters.ts'
import { listFargateProfiles } from './operations/list-fargate-profiles.ts'
import { listIdentityProviderConfigs } from './operations/list-identity-provider-configs.ts'
import { listNodegroups } from './operations/list-nodegroups.ts'
import { listPodIdentityAssociations } from './operations/list-pod-identity-associations.ts'
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts'
import { updateAccessEntry } from './operations/update-access-entry.ts'
import { updateAddon } from './operations/update-addon.ts'
import { updateClusterConfig } from './operations/update-cluster-config.ts'
import { updateNodegroupConfig } from './operations/update-nodegroup-config.ts'
import { updatePodIdentityAssociation } from './operations/update-pod-identity-association.ts'
import { updateClusterVersion, updateNodegroupVersion } from './operations/update-versions.ts'
import { describeUpdate, listUpdates } from './operations/updates.ts'

export const operations = {
  ActivateCertificateAuthority: 'not-implemented',
  AssociateAccessPolicy: associateAccessPolicy,
  AssociateEncryptionConfig: associateEncryptionConfig,
  AssociateIdentityProviderConfig: 'not-implemented',
  CancelUpdate: 'not-implemented',
  CreateAccessEntry: createAccessEntry,
  CreateAddon: createAddon,
  CreateCapability: 'not-implemented',
  CreateCertificateAuthority: 'not-implemented',
  CreateCluster: createCluster,
  CreateEksAnywhereSubscription: 'not-implemented',
  CreateFargateProfile: createFargateProfile,
  CreateNodegroup: createNodegroup,
  CreatePodIdentityAssociation: createPodIdentityAssociation,
  DeleteAccessEntry: deleteAccessEntry,
  DeleteAddon: deleteAddon,
  DeleteCapability: 'not-implemented',
  DeleteCertificateAuthority: 'not-implemented',
  DeleteCluster: deleteCluster,
  DeleteEksAnywhereSubscription: 'not-implemented',
  DeleteFargateProfile: deleteFargateProfile,
  DeleteNodegroup: deleteNodegroup,
  DeletePodIdentityAssociation: deletePodIdentityAssociation,
  DeregisterCluster: 'not-implemented',
  DescribeAccessEntry: describeAccessEntry,
  DescribeAddon: describeAddon,
  DescribeAddonConfiguration: describeAddonConfiguration,
  DescribeAddonVersions: describeAddonVersions,
  DescribeCapability: 'not-implemented',
  DescribeCertificateAuthority: 'not-implemented',
  DescribeCluster: describeCluster,
  DescribeClusterVersions: describeClusterVersions,
  DescribeEksAnywhereSubscription: 'not-implemented',
  DescribeFargateProfile: describeFargateProfile,
  DescribeIdentityProviderConfig: 'not-implemented',
  DescribeInsight: 'not-implemented',
  DescribeInsightsRefresh: 'not-implemented',
  DescribeNodegroup: describeNodegroup,
  DescribePodIdentityAssociation: describePodIdentityAssociation,
  DescribeUpdate: describeUpdate,
  DisassociateAccessPolicy: disassociateAccessPolicy,
  DisassociateIdentityProviderConfig: 'not-implemented',
  ListAccessEntries: listAccessEntries,
  ListAccessPolicies: listAccessPolicies,
  ListAddons: listAddons,
  ListAssociatedAccessPolicies: listAssociatedAccessPolicies,
  ListCapabilities: 'not-implemented',
  ListCertificateAuthorities: 'not-implemented',
  ListClusters: listClusters,
  ListEksAnywhereSubscriptions: 'not-implemented',
  ListFargateProfiles: listFargateProfiles,
  ListIdentityProviderConfigs: listIdentityProviderConfigs,
  ListInsights: 'not-implemented',
  ListNodegroups: listNodegroups,
  ListPodIdentityAssociations: listPodIdentityAssociations,
  ListTagsForResource: listTagsForResource,
  ListUpdates: listUpdates,
  RegisterCluster: 'not-implemented',
  StartInsightsRefresh: 'not-implemented',
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAccessEntry: updateAccessEntry,
  UpdateAddon: updateAddon,
  UpdateCapability: 'not-implemented',
  UpdateClusterConfig: updateClusterConfig,
  UpdateClusterVersion: updateClusterVersion,
  UpdateEksAnywhereSubscription: 'not-implemented',
  UpdateNodegroupConfig: updateNodegroupConfig,
  UpdateNodegroupVersion: updateNodegroupVersion,
  UpdatePodIdentityAssociation: updatePodIdentityAssociation,
} as const satisfies Record<OperationName, object | 'not-implemented'>
