/** eksctl's `ClusterConfig`, as far as it is read here. */
import { z } from 'zod'

const serviceAccount = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().default('default'),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  attachPolicyARNs: z.array(z.string()).default([]),
  attachPolicy: z.record(z.string(), z.unknown()).optional(),
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
  iam: z
    .object({
      withOIDC: z.boolean().optional(),
      serviceAccounts: z.array(serviceAccount).default([]),
      podIdentityAssociations: z.array(podIdentityAssociation).default([]),
    })
    .default({ serviceAccounts: [], podIdentityAssociations: [] }),
  managedNodeGroups: z.array(nodeGroup).optional(),
  nodeGroups: z.array(nodeGroup).optional(),
  fargateProfiles: z.array(fargateProfile).default([]),
})

export type ClusterConfig = z.infer<typeof clusterConfig>
export type ConfiguredNodeGroup = z.infer<typeof nodeGroup>
