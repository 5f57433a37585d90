/** eksctl's `ClusterConfig`, as far as it is read here. */
import { z } from 'zod'

/** Policies by the name of what needs them; what each of them means is in `well-known-policies.ts`. */
const wellKnownPolicies = z.strictObject({
  imageBuilder: z.boolean().optional(),
  autoScaler: z.boolean().optional(),
  awsLoadBalancerController: z
    .boolean()
    .optional()
    .refine(
      (wanted) => wanted !== true,
      'Podpass has no policy for it: make one of the iam_policy.json of the controller’s release (aws iam create-policy), and name it under attachPolicyARNs',
    ),
  externalDNS: z.boolean().optional(),
  certManager: z.boolean().optional(),
  ebsCSIController: z.boolean().optional(),
  efsCSIController: z.boolean().optional(),
})

const serviceAccount = z.object({
  metadata: z.object({
    name: z.string().min(1, 'must be set'),
    namespace: z.string().default('default'),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  attachPolicyARNs: z.array(z.string()).default([]),
  attachPolicy: z.record(z.string(), z.unknown()).optional(),
  wellKnownPolicies: wellKnownPolicies.optional(),
  attachRoleARN: z.string().optional(),
  permissionsBoundary: z.string().optional(),
  roleName: z.string().optional(),
  roleOnly: z.boolean().optional(),
  tags: z.record(z.string(), z.string()).optional(),
})

const podIdentityAssociation = z.object({
  namespace: z.string().default('default'),
  serviceAccountName: z.string(),
  createServiceAccount: z.boolean().optional(),
  roleARN: z.string().optional(),
  roleName: z.string().optional(),
  permissionPolicyARNs: z.array(z.string()).default([]),
  permissionPolicy: z.record(z.string(), z.unknown()).optional(),
  wellKnownPolicies: wellKnownPolicies.optional(),
  permissionsBoundaryARN: z.string().optional(),
  targetRoleARN: z.string().optional(),
  disableSessionTags: z.boolean().optional(),
  tags: z.record(z.string(), z.string()).optional(),
})

const nodeGroup = z.object({
  name: z.string(),
  desiredCapacity: z.number().int().min(0).optional(),
  minSize: z.number().int().min(0).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  disablePodIMDS: z.boolean().optional(),
})

const fargateProfile = z.object({
  name: z.string(),
  selectors: z.array(
    z.object({
      namespace: z.string(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  ),
  podExecutionRoleARN: z.string().optional(),
  subnets: z.array(z.string()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
})

const iam = z
  .object({
    withOIDC: z.boolean().optional(),
    serviceAccounts: z.array(serviceAccount).default([]),
    podIdentityAssociations: z.array(podIdentityAssociation).default([]),
  })
  .superRefine(({ withOIDC, serviceAccounts }, { addIssue }) => {
    const refuse = (path: (string | number)[], message: string) =>
      addIssue({ code: 'custom', path, message })
    if (!withOIDC && serviceAccounts.length > 0) {
      const message = 'must be enabled explicitly for iam.serviceAccounts to be created'
      return refuse(['withOIDC'], message)
    }
    const seen = new Set<string>()
    for (const [at, account] of serviceAccounts.entries()) {
      const name = `${account.metadata.namespace}/${account.metadata.name}`
      if (seen.has(name)) refuse(['serviceAccounts', at], `\`${name}\` is not unique`)
      seen.add(name)
      if (grantsNothing(account)) {
        const fields = 'attachPolicyARNs, attachPolicy, wellKnownPolicies or attachRoleARN'
        refuse(['serviceAccounts', at], `${fields} must be set`)
      }
    }
  })

/** What a ClusterConfig may hold; fields that are not of IRSA are left alone. */
export const clusterConfig = z.object({
  apiVersion: z.literal('eksctl.io/v1alpha5'),
  kind: z.literal('ClusterConfig'),
  metadata: z.object({
    name: z.string(),
    region: z.string().optional(),
    version: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
  iam: iam.default({ serviceAccounts: [], podIdentityAssociations: [] }),
  managedNodeGroups: z.array(nodeGroup).optional(),
  nodeGroups: z.array(nodeGroup).optional(),
  fargateProfiles: z.array(fargateProfile).default([]),
})

export type ClusterConfig = z.infer<typeof clusterConfig>
export type ConfiguredNodeGroup = z.infer<typeof nodeGroup>
export type ConfiguredServiceAccount = z.infer<typeof serviceAccount>
export type ConfiguredAssociation = z.infer<typeof podIdentityAssociation>
export type WellKnownPolicies = z.infer<typeof wellKnownPolicies>

function grantsNothing(account: ConfiguredServiceAccount): boolean {
  const { attachPolicyARNs, attachPolicy, attachRoleARN } = account
  const wellKnown = Object.values(account.wellKnownPolicies ?? {}).includes(true)
  return attachPolicyARNs.length === 0 && !attachPolicy && !attachRoleARN && !wellKnown
}
