/** eksctl's `ClusterConfig` file: the part that IRSA needs. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { CliFailure, exitCodes } from './failure.ts'

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

const clusterConfig = z.object({
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
    })
    .default({ serviceAccounts: [] }),
  managedNodeGroups: z
    .array(z.object({ name: z.string(), desiredCapacity: z.number().int().optional() }))
    .optional(),
  nodeGroups: z
    .array(z.object({ name: z.string(), desiredCapacity: z.number().int().optional() }))
    .optional(),
})

export type ClusterConfig = z.infer<typeof clusterConfig>
export type ConfiguredServiceAccount = z.infer<typeof serviceAccount>

/** Reads and checks the file (`-` is standard input). Throws a CliFailure that names the field at fault. */
export async function readClusterConfig(path: string): Promise<ClusterConfig> {
  const { parse } = await import('yaml')
  let value: unknown
  try {
    value = parse(readFileSync(path === '-' ? 0 : path, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''
    throw new CliFailure(`cannot read \`${path}\`: ${reason}`, {
      exitCode: exitCodes.usage,
      cause,
    })
  }
  const result = clusterConfig.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new CliFailure(`\`${path}\`: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`, {
    exitCode: exitCodes.usage,
    hints: ['a ClusterConfig of eksctl.io/v1alpha5 is wanted'],
  })
}
