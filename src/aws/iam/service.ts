/** IAM as a service: every operation of the API model, served or not. */

import type { SignedCaller } from '../caller.ts'
import type { AwsService, WireError } from '../operation.ts'
import { bindService, type TableOperation } from '../protocol/bind-service.ts'
import { loadModel } from '../protocol/load-model.ts'
import { constraints } from './constraints.gen.ts'
import type { IamDeps } from './deps.ts'
import type { OperationName } from './operation-names.gen.ts'
import {
  createAccessKey,
  deleteAccessKey,
  getAccessKeyLastUsed,
  listAccessKeys,
  updateAccessKey,
} from './operations/access-keys.ts'
import {
  createAccountAlias,
  deleteAccountAlias,
  getAccountSummary,
  listAccountAliases,
  setSecurityTokenServicePreferences,
} from './operations/account.ts'
import { getAccountAuthorizationDetails } from './operations/account-authorization-details.ts'
import { attachPolicy, detachPolicy, listAttachedPolicies } from './operations/attached-policies.ts'
import {
  getContextKeysForCustomPolicy,
  getContextKeysForPrincipalPolicy,
} from './operations/context-keys.ts'
import { createOpenIDConnectProvider } from './operations/create-oidc-provider.ts'
import { createPolicy } from './operations/create-policy.ts'
import { createRole } from './operations/create-role.ts'
import { generateCredentialReport, getCredentialReport } from './operations/credential-report.ts'
import { deletePolicy } from './operations/delete-policy.ts'
import { deleteRole } from './operations/delete-role.ts'
import {
  addUserToGroup,
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  listGroupsForUser,
  removeUserFromGroup,
} from './operations/groups.ts'
import {
  deleteInlinePolicy,
  getInlinePolicy,
  listInlinePolicies,
  putInlinePolicy,
} from './operations/inline-policies.ts'
import {
  addRoleToInstanceProfile,
  createInstanceProfile,
  deleteInstanceProfile,
  getInstanceProfile,
  listInstanceProfiles,
  listInstanceProfilesForRole,
  removeRoleFromInstanceProfile,
} from './operations/instance-profiles.ts'
import {
  changePassword,
  createLoginProfile,
  deleteLoginProfile,
  getLoginProfile,
  updateLoginProfile,
} from './operations/login-profiles.ts'
import {
  createVirtualMFADevice,
  deactivateMFADevice,
  deleteVirtualMFADevice,
  enableMFADevice,
  getMFADevice,
  listMFADevices,
  listVirtualMFADevices,
  resyncMFADevice,
} from './operations/mfa-devices.ts'
import {
  addClientIDToOpenIDConnectProvider,
  deleteOpenIDConnectProvider,
  getOpenIDConnectProvider,
  listOpenIDConnectProviders,
  removeClientIDFromOpenIDConnectProvider,
  updateOpenIDConnectProviderThumbprint,
} from './operations/oidc-providers.ts'
import {
  generateOrganizationsAccessReport,
  getOrganizationsAccessReport,
  organizationsFeature,
} from './operations/organizations.ts'
import {
  disableOutboundWebIdentityFederation,
  enableOutboundWebIdentityFederation,
  getOutboundWebIdentityFederationInfo,
} from './operations/outbound-federation.ts'
import {
  deleteAccountPasswordPolicy,
  getAccountPasswordPolicy,
  updateAccountPasswordPolicy,
} from './operations/password-policy.ts'
import {
  deletePermissionsBoundary,
  putPermissionsBoundary,
} from './operations/permissions-boundaries.ts'
import { listPoliciesGrantingServiceAccess } from './operations/policies-granting-access.ts'
import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
} from './operations/policy-versions.ts'
import { getPolicy, listEntitiesForPolicy, listPolicies } from './operations/read-policies.ts'
import { getRole, listRoles } from './operations/read-roles.ts'
import { updateGroup, updateUser } from './operations/rename.ts'
import {
  createSAMLProvider,
  deleteSAMLProvider,
  getSAMLProvider,
  listSAMLProviders,
  updateSAMLProvider,
} from './operations/saml-providers.ts'
import {
  deleteServerCertificate,
  getServerCertificate,
  listServerCertificates,
  updateServerCertificate,
  uploadServerCertificate,
} from './operations/server-certificates.ts'
import {
  createServiceSpecificCredential,
  deleteServiceSpecificCredential,
  listServiceSpecificCredentials,
  resetServiceSpecificCredential,
  updateServiceSpecificCredential,
} from './operations/service-credentials.ts'
import {
  generateServiceLastAccessedDetails,
  getServiceLastAccessedDetails,
  getServiceLastAccessedDetailsWithEntities,
} from './operations/service-last-accessed.ts'
import {
  createServiceLinkedRole,
  deleteServiceLinkedRole,
  getServiceLinkedRoleDeletionStatus,
} from './operations/service-linked-roles.ts'
import {
  deleteSigningCertificate,
  listSigningCertificates,
  updateSigningCertificate,
  uploadSigningCertificate,
} from './operations/signing-certificates.ts'
import { simulateCustomPolicy, simulatePrincipalPolicy } from './operations/simulate-policy.ts'
import {
  deleteSSHPublicKey,
  getSSHPublicKey,
  listSSHPublicKeys,
  updateSSHPublicKey,
  uploadSSHPublicKey,
} from './operations/ssh-public-keys.ts'
import { listEntityTags, tagEntity, untagEntity } from './operations/tags.ts'
import {
  updateAssumeRolePolicy,
  updateRole,
  updateRoleDescription,
} from './operations/update-role.ts'
import { createUser, deleteUser, getUser, listUsers } from './operations/users.ts'
import { wording } from './wording.ts'

/** The table; what is `not-implemented` answers so. */
export const operations = {
  AcceptDelegationRequest: 'not-implemented',
  AcquireRole: 'not-implemented',
  AddClientIDToOpenIDConnectProvider: addClientIDToOpenIDConnectProvider,
  AddRoleToInstanceProfile: addRoleToInstanceProfile,
  AddUserToGroup: addUserToGroup,
  AssociateDelegationRequest: 'not-implemented',
  AttachGroupPolicy: attachPolicy('group'),
  AttachRolePolicy: attachPolicy('role'),
  AttachUserPolicy: attachPolicy('user'),
  ChangePassword: changePassword,
  CreateAccessKey: createAccessKey,
  CreateAccountAlias: createAccountAlias,
  CreateDelegationRequest: 'not-implemented',
  CreateGroup: createGroup,
  CreateInstanceProfile: createInstanceProfile,
  CreateLoginProfile: createLoginProfile,
  CreateOpenIDConnectProvider: createOpenIDConnectProvider,
  CreatePolicy: createPolicy,
  CreatePolicyVersion: createPolicyVersion,
  CreateRole: createRole,
  CreateSAMLProvider: createSAMLProvider,
  CreateServiceLinkedRole: createServiceLinkedRole,
  CreateServiceSpecificCredential: createServiceSpecificCredential,
  CreateUser: createUser,
  CreateVirtualMFADevice: createVirtualMFADevice,
  DeactivateMFADevice: deactivateMFADevice,
  DeleteAccessKey: deleteAccessKey,
  DeleteAccountAlias: deleteAccountAlias,
  DeleteAccountPasswordPolicy: deleteAccountPasswordPolicy,
  DeleteGroup: deleteGroup,
  DeleteGroupPolicy: deleteInlinePolicy('group'),
  DeleteInstanceProfile: deleteInstanceProfile,
  DeleteLoginProfile: deleteLoginProfile,
  DeleteOpenIDConnectProvider: deleteOpenIDConnectProvider,
  DeletePolicy: deletePolicy,
  DeletePolicyVersion: deletePolicyVersion,
  DeleteRole: deleteRole,
  DeleteRolePermissionsBoundary: deletePermissionsBoundary('role'),
  DeleteRolePolicy: deleteInlinePolicy('role'),
  DeleteSAMLProvider: deleteSAMLProvider,
  DeleteSSHPublicKey: deleteSSHPublicKey,
  DeleteServerCertificate: deleteServerCertificate,
  DeleteServiceLinkedRole: deleteServiceLinkedRole,
  DeleteServiceSpecificCredential: deleteServiceSpecificCredential,
  DeleteSigningCertificate: deleteSigningCertificate,
  DeleteUser: deleteUser,
  DeleteUserPermissionsBoundary: deletePermissionsBoundary('user'),
  DeleteUserPolicy: deleteInlinePolicy('user'),
  DeleteVirtualMFADevice: deleteVirtualMFADevice,
  DetachGroupPolicy: detachPolicy('group'),
  DetachRolePolicy: detachPolicy('role'),
  DetachUserPolicy: detachPolicy('user'),
  DisableOrganizationsRootCredentialsManagement: organizationsFeature(
    'DisableOrganizationsRootCredentialsManagement',
  ),
  DisableOrganizationsRootSessions: organizationsFeature('DisableOrganizationsRootSessions'),
  DisableOutboundWebIdentityFederation: disableOutboundWebIdentityFederation,
  EnableMFADevice: enableMFADevice,
  EnableOrganizationsRootCredentialsManagement: organizationsFeature(
    'EnableOrganizationsRootCredentialsManagement',
  ),
  EnableOrganizationsRootSessions: organizationsFeature('EnableOrganizationsRootSessions'),
  EnableOutboundWebIdentityFederation: enableOutboundWebIdentityFederation,
  GenerateCredentialReport: generateCredentialReport,
  GenerateOrganizationsAccessReport: generateOrganizationsAccessReport,
  GenerateServiceLastAccessedDetails: generateServiceLastAccessedDetails,
  GetAccessKeyLastUsed: getAccessKeyLastUsed,
  GetAccountAuthorizationDetails: getAccountAuthorizationDetails,
  GetAccountPasswordPolicy: getAccountPasswordPolicy,
  GetAccountProperties: 'not-implemented',
  GetAccountSummary: getAccountSummary,
  GetContextKeysForCustomPolicy: getContextKeysForCustomPolicy,
  GetContextKeysForPrincipalPolicy: getContextKeysForPrincipalPolicy,
  GetCredentialReport: getCredentialReport,
  GetDelegationRequest: 'not-implemented',
  GetGroup: getGroup,
  GetGroupPolicy: getInlinePolicy('group'),
  GetHumanReadableSummary: 'not-implemented',
  GetInstanceProfile: getInstanceProfile,
  GetLoginProfile: getLoginProfile,
  GetMFADevice: getMFADevice,
  GetOpenIDConnectProvider: getOpenIDConnectProvider,
  GetOrganizationsAccessReport: getOrganizationsAccessReport,
  GetOutboundWebIdentityFederationInfo: getOutboundWebIdentityFederationInfo,
  GetPolicy: getPolicy,
  GetPolicyVersion: getPolicyVersion,
  GetRole: getRole,
  GetRolePolicy: getInlinePolicy('role'),
  GetRoleTemplateVersion: 'not-implemented',
  GetSAMLProvider: getSAMLProvider,
  GetSSHPublicKey: getSSHPublicKey,
  GetServerCertificate: getServerCertificate,
  GetServiceLastAccessedDetails: getServiceLastAccessedDetails,
  GetServiceLastAccessedDetailsWithEntities: getServiceLastAccessedDetailsWithEntities,
  GetServiceLinkedRoleDeletionStatus: getServiceLinkedRoleDeletionStatus,
  GetUser: getUser,
  GetUserPolicy: getInlinePolicy('user'),
  ListAccessKeys: listAccessKeys,
  ListAccountAliases: listAccountAliases,
  ListAttachedGroupPolicies: listAttachedPolicies('group'),
  ListAttachedRolePolicies: listAttachedPolicies('role'),
  ListAttachedUserPolicies: listAttachedPolicies('user'),
  ListDelegationRequests: 'not-implemented',
  ListEntitiesForPolicy: listEntitiesForPolicy,
  ListGroupPolicies: listInlinePolicies('group'),
  ListGroups: listGroups,
  ListGroupsForUser: listGroupsForUser,
  ListInstanceProfileTags: listEntityTags('instance-profile'),
  ListInstanceProfiles: listInstanceProfiles,
  ListInstanceProfilesForRole: listInstanceProfilesForRole,
  ListMFADeviceTags: listEntityTags('mfa'),
  ListMFADevices: listMFADevices,
  ListOpenIDConnectProviderTags: listEntityTags('oidc-provider'),
  ListOpenIDConnectProviders: listOpenIDConnectProviders,
  ListOrganizationsFeatures: organizationsFeature('ListOrganizationsFeatures'),
  ListPolicies: listPolicies,
  ListPoliciesGrantingServiceAccess: listPoliciesGrantingServiceAccess,
  ListPolicyTags: listEntityTags('policy'),
  ListPolicyVersions: listPolicyVersions,
  ListRolePolicies: listInlinePolicies('role'),
  ListRoleTags: listEntityTags('role'),
  ListRoles: listRoles,
  ListSAMLProviderTags: listEntityTags('saml-provider'),
  ListSAMLProviders: listSAMLProviders,
  ListSSHPublicKeys: listSSHPublicKeys,
  ListServerCertificateTags: listEntityTags('server-certificate'),
  ListServerCertificates: listServerCertificates,
  ListServiceSpecificCredentials: listServiceSpecificCredentials,
  ListSigningCertificates: listSigningCertificates,
  ListUserPolicies: listInlinePolicies('user'),
  ListUserTags: listEntityTags('user'),
  ListUsers: listUsers,
  ListVirtualMFADevices: listVirtualMFADevices,
  PutAccountProperties: 'not-implemented',
  PutGroupPolicy: putInlinePolicy('group'),
  PutRolePermissionsBoundary: putPermissionsBoundary('role'),
  PutRolePolicy: putInlinePolicy('role'),
  PutUserPermissionsBoundary: putPermissionsBoundary('user'),
  PutUserPolicy: putInlinePolicy('user'),
  RejectDelegationRequest: 'not-implemented',
  RemoveClientIDFromOpenIDConnectProvider: removeClientIDFromOpenIDConnectProvider,
  RemoveRoleFromInstanceProfile: removeRoleFromInstanceProfile,
  RemoveUserFromGroup: removeUserFromGroup,
  ResetServiceSpecificCredential: resetServiceSpecificCredential,
  ResyncMFADevice: resyncMFADevice,
  SendDelegationToken: 'not-implemented',
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
  SetSecurityTokenServicePreferences: setSecurityTokenServicePreferences,
  SimulateCustomPolicy: simulateCustomPolicy,
  SimulatePrincipalPolicy: simulatePrincipalPolicy,
  TagInstanceProfile: tagEntity('instance-profile'),
  TagMFADevice: tagEntity('mfa'),
  TagOpenIDConnectProvider: tagEntity('oidc-provider'),
  TagPolicy: tagEntity('policy'),
  TagRole: tagEntity('role'),
  TagSAMLProvider: tagEntity('saml-provider'),
  TagServerCertificate: tagEntity('server-certificate'),
  TagUser: tagEntity('user'),
  UntagInstanceProfile: untagEntity('instance-profile'),
  UntagMFADevice: untagEntity('mfa'),
  UntagOpenIDConnectProvider: untagEntity('oidc-provider'),
  UntagPolicy: untagEntity('policy'),
  UntagRole: untagEntity('role'),
  UntagSAMLProvider: untagEntity('saml-provider'),
  UntagServerCertificate: untagEntity('server-certificate'),
  UntagUser: untagEntity('user'),
  UpdateAccessKey: updateAccessKey,
  UpdateAccountPasswordPolicy: updateAccountPasswordPolicy,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  UpdateDelegationRequest: 'not-implemented',
  UpdateGroup: updateGroup,
  UpdateLoginProfile: updateLoginProfile,
  UpdateOpenIDConnectProviderThumbprint: updateOpenIDConnectProviderThumbprint,
  UpdateRole: updateRole,
  UpdateRoleDescription: updateRoleDescription,
  UpdateSAMLProvider: updateSAMLProvider,
  UpdateSSHPublicKey: updateSSHPublicKey,
  UpdateServerCertificate: updateServerCertificate,
  UpdateServiceSpecificCredential: updateServiceSpecificCredential,
  UpdateSigningCertificate: updateSigningCertificate,
  UpdateUser: updateUser,
  UploadSSHPublicKey: uploadSSHPublicKey,
  UploadServerCertificate: uploadServerCertificate,
  UploadSigningCertificate: uploadSigningCertificate,
} as const satisfies Record<OperationName, TableOperation<IamDeps> | 'not-implemented'>

/** Binds IAM to its model (Query protocol). */
export function createIamService(deps: IamDeps): AwsService {
  return {
    ...bindService({ model: loadModel('iam'), operations, deps, constraints, wording }),
    refusesCaller,
  }
}

/** IAM takes the keys of GetSessionToken only where a code of an MFA device was given for them, and no federated user's. */
function refusesCaller(caller: SignedCaller): WireError | undefined {
  if (caller.kind === 'session' || !caller.temporary || caller.temporary.mfaAt !== undefined) {
    return undefined
  }
  const message = 'The security token included in the request is invalid'
  return { code: 'InvalidClientTokenId', status: 403, message }
}
