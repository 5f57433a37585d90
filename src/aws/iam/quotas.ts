/** How much an account may have: AWS's defaults. (Sizes of single documents: kernel/policy/validate.ts.) */

export interface Quotas {
  readonly attachedPoliciesPerEntity: number
  readonly rolesPerAccount: number
  readonly usersPerAccount: number
  readonly groupsPerAccount: number
  readonly policiesPerAccount: number
  readonly instanceProfilesPerAccount: number
  readonly providersPerAccount: number
  readonly clientIdsPerProvider: number
  readonly thumbprintsPerProvider: number
  readonly groupsPerUser: number
  readonly accessKeysPerUser: number
  readonly versionsPerPolicy: number
  readonly tagsPerEntity: number
  readonly mfaDevicesPerUser: number
  readonly sshKeysPerUser: number
  readonly certificatesPerUser: number
  /** For each service. */
  readonly serviceCredentialsPerUser: number
  readonly serverCertificatesPerAccount: number
  readonly samlProvidersPerAccount: number
  /** Of all inline policies together: characters that are not white space. */
  readonly roleInlineSize: number
  readonly userInlineSize: number
  readonly groupInlineSize: number
}

export const defaultQuotas: Quotas = {
  attachedPoliciesPerEntity: 10,
  rolesPerAccount: 1000,
  usersPerAccount: 5000,
  groupsPerAccount: 300,
  policiesPerAccount: 1500,
  instanceProfilesPerAccount: 1000,
  providersPerAccount: 100,
  clientIdsPerProvider: 100,
  thumbprintsPerProvider: 5,
  groupsPerUser: 10,
  accessKeysPerUser: 2,
  versionsPerPolicy: 5,
  tagsPerEntity: 50,
  mfaDevicesPerUser: 8,
  sshKeysPerUser: 5,
  certificatesPerUser: 2,
  serviceCredentialsPerUser: 2,
  serverCertificatesPerAccount: 20,
  samlProvidersPerAccount: 100,
  roleInlineSize: 10_240,
  userInlineSize: 2048,
  groupInlineSize: 5120,
}
