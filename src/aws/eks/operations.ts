/** Every operation of EKS: the ones served, and the ones refused by name. */
import type { OperationName } from './operation-names.gen.ts'
import {
  describeAddon,
  describeAddonVersions,
  listAddons,
  listFargateProfiles,
} from './operations/absent-features.ts'
import { associateAccessPolicy } from './operations/associate-access-policy.ts'
import { createAccessEntry } from './operations/create-access-entry.ts'
import { createCluster } from './operations/create-cluster.ts'
import { createNodegroup } from './operations/create-nodegroup.ts'
import { deleteAccessEntry } from './operations/delete-access-entry.ts'
import { deleteCluster } from './operations/delete-cluster.ts'
import { deleteNodegroup } from './operations/delete-nodegroup.ts'
import { describeAccessEntry } from './operations/describe-access-entry.ts'
import { describeCluster } from './operations/describe-cluster.ts'
import { describeClusterVersions } from './operations/describe-cluster-versions.ts'
import { describeNodegroup } from './operations/describe-nodegroup.ts'
import { disassociateAccessPolicy } from './operations/disassociate-access-policy.ts'
import { listAccessEntries } from './operations/list-access-entries.ts'
import { listAccessPolicies } from './operations/list-access-policies.ts'
import { listAssociatedAccessPolicies } from './operations/list-associated-access-policies.ts'
import { listClusters } from './operations/list-clusters.ts'
import { listNodegroups } from './operations/list-nodegroups.ts'
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts'
import { updateAccessEntry } from './operations/update-access-entry.ts'
import { updateClusterConfig } from './operations/update-cluster-config.ts'
import { updateNodegroupConfig } from './operations/update-nodegroup-config.ts'
import { describeUpdate, listUpdates } from './operations/updates.ts'

export const operations = {
  ActivateCertificateAuthority: 'not-implemented',
  AssociateAccessPolicy: associateAccessPolicy,
  AssociateEncryptionConfig: 'not-implemented',
  AssociateIdentityProviderConfig: 'not-implemented',
  CancelUpdate: 'not-implemented',
  CreateAccessEntry: createAccessEntry,
  CreateAddon: 'not-implemented',
  CreateCapability: 'not-implemented',
  CreateCertificateAuthority: 'not-implemented',
  CreateCluster: createCluster,
  CreateEksAnywhereSubscription: 'not-implemented',
  CreateFargateProfile: 'not-implemented',
  CreateNodegroup: createNodegroup,
  CreatePodIdentityAssociation: 'not-implemented',
  DeleteAccessEntry: deleteAccessEntry,
  DeleteAddon: 'not-implemented',
  DeleteCapability: 'not-implemented',
  DeleteCertificateAuthority: 'not-implemented',
  DeleteCluster: deleteCluster,
  DeleteEksAnywhereSubscription: 'not-implemented',
  DeleteFargateProfile: 'not-implemented',
  DeleteNodegroup: deleteNodegroup,
  DeletePodIdentityAssociation: 'not-implemented',
  DeregisterCluster: 'not-implemented',
  DescribeAccessEntry: describeAccessEntry,
  DescribeAddon: describeAddon,
  DescribeAddonConfiguration: 'not-implemented',
  DescribeAddonVersions: describeAddonVersions,
  DescribeCapability: 'not-implemented',
  DescribeCertificateAuthority: 'not-implemented',
  DescribeCluster: describeCluster,
  DescribeClusterVersions: describeClusterVersions,
  DescribeEksAnywhereSubscription: 'not-implemented',
  DescribeFargateProfile: 'not-implemented',
  DescribeIdentityProviderConfig: 'not-implemented',
  DescribeInsight: 'not-implemented',
  DescribeInsightsRefresh: 'not-implemented',
  DescribeNodegroup: describeNodegroup,
  DescribePodIdentityAssociation: 'not-implemented',
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
  ListIdentityProviderConfigs: 'not-implemented',
  ListInsights: 'not-implemented',
  ListNodegroups: listNodegroups,
  ListPodIdentityAssociations: 'not-implemented',
  ListTagsForResource: listTagsForResource,
  ListUpdates: listUpdates,
  RegisterCluster: 'not-implemented',
  StartInsightsRefresh: 'not-implemented',
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAccessEntry: updateAccessEntry,
  UpdateAddon: 'not-implemented',
  UpdateCapability: 'not-implemented',
  UpdateClusterConfig: updateClusterConfig,
  UpdateClusterVersion: 'not-implemented',
  UpdateEksAnywhereSubscription: 'not-implemented',
  UpdateNodegroupConfig: updateNodegroupConfig,
  UpdateNodegroupVersion: 'not-implemented',
  UpdatePodIdentityAssociation: 'not-implemented',
} as const satisfies Record<OperationName, object | 'not-implemented'>
