/** Principals of the reference evaluator. */
import type { PrincipalInput } from '../decision.ts'

/** 0: not meant; 1: by account; 2: a session by its role; 3: directly. */
export function principalLevel(
  caller: PrincipalInput,
  statement: {
    readonly Effect: string
    readonly Principal?: unknown
    readonly NotPrincipal?: unknown
  },
  bounded: boolean,
): number {
  if (bounded && statement.Effect === 'Deny' && statement.NotPrincipal !== undefined) return 3
  if (statement.NotPrincipal !== undefined) return level(caller, statement.NotPrincipal) > 0 ? 0 : 3
  return level(caller, statement.Principal)
}

function level(caller: PrincipalInput, element: unknown): number {
  if (element === '*') return 3
  if (typeof element !== 'object' || element === null) return 0
  const pairs = Object.entries(element).flatMap(([type, values]) =>
    (Array.isArray(values) ? values : [values]).map((value) => [type, String(value)] as const),
  )
  return Math.max(0, ...pairs.map(([type, value]) => one(caller, type, value)))
}

function one(caller: PrincipalInput, type: string, value: string): number {
  if (type === 'AWS' && value === '*') return 3
  switch (caller.kind) {
    case 'anonymous':
      return 0
    case 'service':
      return type === 'Service' && (value === caller.service || value === '*') ? 3 : 0
    case 'federated':
      return type === 'Federated' && (value === caller.provider || value === '*') ? 3 : 0
  }
  const canonical = type === 'CanonicalUser' && value === caller.canonicalUserId
  const account =
    canonical ||
    (type === 'AWS' && (value === caller.account || value.endsWith(`:iam::${caller.account}:root`)))
  const isMember = type === 'AWS'
  if (caller.kind === 'root') return account ? 3 : 0
  if (isMember && value === caller.arn) return 3
  if (caller.kind === 'user' && isMember && value === caller.id) return 3
  if (
    caller.kind === 'session' &&
    isMember &&
    (value === caller.roleArn || value === caller.roleId)
  )
    return 2
  return account ? 1 : 0
}
