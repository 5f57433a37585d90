/** The user, group or role whose policies a simulation is about. */
import { parseArn } from '../../kernel/arn.ts'
import type { PolicyInput, PrincipalInput } from '../../kernel/policy/decision.ts'
import { principalOf } from '../../kernel/policy/principal-input.ts'
import type { GranteeKind } from './deps.ts'
import { refuse } from './errors.ts'
import { find } from './find.ts'
import { addPolicies, roleFacts, userFacts } from './identities.ts'
import type { PolicySource as Policies } from './lookup.ts'
import { entityArn } from './names.ts'
import type { NamedRecord } from './records.ts'

export interface SimulatedEntity {
  readonly policies: readonly PolicyInput[]
  readonly boundary?: PolicyInput
  /** Absent for groups: they make no requests. */
  readonly principal?: PrincipalInput
}

/** Finds the entity by its ARN; it must be of the account. */
export function simulatedEntity(source: Policies, account: string, arn: string): SimulatedEntity {
  const parsed = parseArn(arn)
  const [, word, path = ''] = /^(user|group|role)\/(.+)$/.exec(parsed?.resource ?? '') ?? []
  const kind = word as GranteeKind | undefined
  if (parsed?.service !== 'iam' || kind === undefined) {
    throw refuse.InvalidInput({
      text: `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`,
    })
  }
  const name = path.slice(path.lastIndexOf('/') + 1)
  const missing = () => refuse.NoSuchEntity({ kind, name })
  if (parsed.account !== account) throw missing()
  // The path counts, too: what the caller was allowed to ask about is this ARN.
  const exact = <T extends NamedRecord>(record: T) => {
    if (entityArn(account, kind, record) !== arn) throw missing()
    return record
  }
  if (kind === 'group') {
    const policies: PolicyInput[] = []
    addPolicies(source, exact(find(source.state, account, 'group', name)), policies)
    return { policies }
  }
  const facts =
    kind === 'user'
      ? userFacts(source, account, exact(find(source.state, account, 'user', name)))
      : roleFacts(source, account, exact(find(source.state, account, 'role', name)))
  const { id } = facts
  // A role speaks through a session of it: its ARN in a resource policy means the role, not the session.
  const principal = principalOf(facts.arn, { userId: id, roleId: id })
  return {
    policies: facts.identityPolicies,
    ...(principal && { principal }),
    ...(facts.permissionsBoundary && { boundary: facts.permissionsBoundary }),
  }
}

/**
 * Whom a simulated request comes from, where it names somebody (`CallerArn`): a user, and beyond AWS's simulator a role,
 * a session, a service, or for a trust policy the identity provider.
 */
export function simulatedCaller(source: Policies, arn: string): PrincipalInput {
  const parsed = parseArn(arn)
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const account = parsed?.account ?? ''
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('user/')) {
    const principal = arn === '*' ? undefined : principalOf(arn)
    if (principal && principal.kind !== 'root') return principal
    throw refuse.InvalidInput({ text: `Invalid caller ARN: ${arn}` })
  }
  const user = source.state.entry(account, 'user', name)?.record
  const known = user && entityArn(account, 'user', user) === arn
  return { kind: 'user', account, arn, id: known ? user.id : '' }
}
