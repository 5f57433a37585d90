/** Reads the role that a ServiceAccount names: one rule for the webhook that injects it and for those who explain. */
import { editDistance } from './wording.ts'

/** The prefix that EKS and its webhook use for every annotation. */
export const defaultAnnotationPrefix = 'eks.amazonaws.com'

export type RoleAnnotation =
  | { readonly kind: 'role'; readonly roleArn: string }
  | { readonly kind: 'none' }
  /** The value is no ARN of a role. */
  | { readonly kind: 'invalid'; readonly value: string; readonly why: string }
  /** There is no such annotation, but one that was surely meant to be it. */
  | {
      readonly kind: 'misspelt'
      readonly key: string
      readonly wantedKey: string
      readonly value: string
    }

/** The sanity pattern of AWS's own webhook (which only logs a mismatch). */
const roleArnPattern = /^arn:(aws[a-z0-9-]*):iam::\d{12}:role\/[\w+=,.@/-]+$/

export interface RoleAnnotationOptions {
  readonly prefix?: string | undefined
  /** The cluster's, where it is known; a role of another can never be taken on. */
  readonly partition?: string | undefined
  /** Where a role may be named without its ARN: whose it then is. */
  readonly compose?: { readonly partition: string; readonly account: string } | undefined
}

export function readRoleAnnotation(
  annotations: Readonly<Record<string, string>>,
  { prefix = defaultAnnotationPrefix, partition, compose }: RoleAnnotationOptions = {},
): RoleAnnotation {
  const wantedKey = `${prefix}/role-arn`
  const value = annotations[wantedKey]
  if (value === undefined) return findMisspelt(annotations, wantedKey)
  if (value === '') return { kind: 'none' }
  const roleArn =
    compose && !value.includes('arn:')
      ? `arn:${compose.partition}:iam::${compose.account}:role/${value.replace(/^\//, '')}`
      : value
  const why = roleArnFault(roleArn, partition)
  return why === undefined ? { kind: 'role', roleArn } : { kind: 'invalid', value, why }
}

/** Why this can be no role's ARN, or none of the partition; undefined: it can. */
export function roleArnFault(roleArn: string, partition?: string): string | undefined {
  const match = roleArnPattern.exec(roleArn)
  if (!match) return 'it is no ARN of an IAM role'
  if (partition === undefined || match[1] === partition) return undefined
  return `it is in partition ${match[1]}, the cluster in ${partition}`
}

function findMisspelt(
  annotations: Readonly<Record<string, string>>,
  wantedKey: string,
): RoleAnnotation {
  let best: { key: string; distance: number } | undefined
  for (const [key, value] of Object.entries(annotations)) {
    if (key.length > 2 * wantedKey.length) continue
    const distance = editDistance(key.toLowerCase(), wantedKey)
    // A role's ARN as value betrays a key that is further off.
    const near = distance <= 4 || (roleArnPattern.test(value) && /role/i.test(key))
    if (near && (!best || distance < best.distance)) best = { key, distance }
  }
  return best
    ? { kind: 'misspelt', key: best.key, wantedKey, value: annotations[best.key] ?? '' }
    : { kind: 'none' }
}
