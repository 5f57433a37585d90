/** The user, group or role whose policies a simulation is about. */
import { parseArn } from '../../kernel/arn.ts'
import type { PolicyInput, PrincipalInput } from '../../kernel/policy/decision.ts'
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
  const principal: PrincipalInput =
    kind === 'user'
      ? { kind: 'user', account, arn: facts.arn, id }
      : { kind: 'session', account, arn: facts.arn, roleArn: facts.arn, roleId: id }
  return {
    policies: facts.identityPolicies,
    principal,
    ...(facts.permissionsBoundary && { boundary: facts.permissionsBoundary }),
  }
}

/** The user that a simulated request comes from, where the request names one (`CallerArn`). */
export function simulatedCaller(source: Policies, arn: string): PrincipalInput {
  const parsed = parseArn(arn)
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const account = parsed?.account ?? ''
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('user/')) {
    throw refuse.InvalidInput({ text: `Invalid caller ARN: ${arn}` })
  }
  const user = source.state.entry(account, 'user', name)?.record
  const known = user && entityArn(account, 'user', user) === arn
  return { kind: 'user', account, arn, id: known ? user.id : '' }
}
