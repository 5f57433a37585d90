/** GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy: the condition keys that policies ask for. */
import type {
  GetContextKeysForCustomPolicyRequest,
  GetContextKeysForPolicyResponse,
  GetContextKeysForPrincipalPolicyRequest,
} from '@aws-sdk/client-iam'
import { contextKeysOf } from '../../../kernel/policy/context-keys.ts'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { simulatedEntity } from '../policy-source.ts'

export const getContextKeysForCustomPolicy: Operation<
  Valid<GetContextKeysForCustomPolicyRequest>,
  GetContextKeysForPolicyResponse,
  IamDeps
> = {
  name: 'GetContextKeysForCustomPolicy',
  access: onAccount('iam:GetContextKeysForCustomPolicy'),
  handle: ({ PolicyInputList }, _call, deps) => ({
    ContextKeyNames: keysOf(deps, PolicyInputList, []),
  }),
}

export const getContextKeysForPrincipalPolicy: Operation<
  Valid<GetContextKeysForPrincipalPolicyRequest>,
  GetContextKeysForPolicyResponse,
  IamDeps
> = {
  name: 'GetContextKeysForPrincipalPolicy',
  access: ({ PolicySourceArn }) => [
    { action: 'iam:GetContextKeysForPrincipalPolicy', resource: PolicySourceArn },
  ],
  handle({ PolicySourceArn, PolicyInputList }, { account }, deps) {
    const { policies } = simulatedEntity(deps, account, PolicySourceArn)
    const stored = policies.map(({ document }) => document)
    return { ContextKeyNames: keysOf(deps, PolicyInputList ?? [], stored) }
  },
}

/** Keys are not told apart by case: the first spelling counts. */
function keysOf(
  { validatePolicy }: IamDeps,
  given: readonly string[],
  stored: readonly string[],
): string[] {
  for (const text of given) {
    const [problem] = validatePolicy(text, 'identity')
    if (problem) throw refuse.InvalidInput({ text: problem.message })
  }
  const keys = new Map<string, string>()
  for (const key of [...stored, ...given].flatMap(contextKeysOf)) {
    if (!keys.has(key.toLowerCase())) keys.set(key.toLowerCase(), key)
  }
  return [...keys.values()]
}
