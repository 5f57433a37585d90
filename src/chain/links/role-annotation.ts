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

/** `partition`: the one of the cluster, where it is known; a role of another can never be taken on. */
export function readRoleAnnotation(
  annotations: Readonly<Record<string, string>>,
  {
    prefix = defaultAnnotationPrefix,
    partition,
  }: { prefix?: string | undefined; partition?: string | undefined } = {},
): RoleAnnotation {
  const wantedKey = `${prefix}/role-arn`
  const value = annotations[wantedKey]
  if (value === undefined) return findMisspelt(annotations, wantedKey)
  if (value === '') return { kind: 'none' }
  const match = roleArnPattern.exec(value)
  if (!match) return { kind: 'invalid', value, why: 'it is no ARN of an IAM role' }
  if (partition !== undefined && match[1] !== partition) {
    return {
      kind: 'invalid',
      value,
      why: `it is in partition ${match[1]}, the cluster in ${partition}`,
    }
  }
  return { kind: 'role', roleArn: value }
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
