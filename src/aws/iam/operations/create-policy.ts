import type { CreatePolicyRequest, CreatePolicyResponse } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onNewEntity } from '../access.ts'
import { type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { checkDocument } from '../documents.ts'
import { refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { PolicyRecord } from '../records.ts'
import { showPolicy } from '../show.ts'
import { readTags, showTags } from '../tags.ts'

/** Makes a managed policy of the account; its first version is `v1`. */
export const createPolicy: Operation<Valid<CreatePolicyRequest>, CreatePolicyResponse, IamDeps> = {
  name: 'CreatePolicy',
  access: onNewEntity('iam:CreatePolicy', 'policy', 'iam:TagPolicy'),
  async handle(input, { account, at }, deps) {
    const { state, writer, quotas } = deps
    const now = secondsOf(at)
    const name = input.PolicyName
    checkDocument(deps, input.PolicyDocument, 'managed')
    const policy: PolicyRecord = {
      name,
      path: input.Path ?? '/',
      id: newId('policy', account),
      createdAt: now,
      updatedAt: now,
      ...(input.Description && { description: input.Description }),
      ...readTags(input.Tags, 'differs'),
      versions: [{ id: 'v1', document: input.PolicyDocument, createdAt: now }],
      defaultVersion: 'v1',
      nextVersion: 2,
    }
    const message = `A policy called ${name} already exists. Duplicate names are not allowed.`
    if (state.entry(account, 'policy', name)) throw refuse.EntityAlreadyExists({}, { message })
    const limit = quotas.policiesPerAccount
    if ((state.account(account)?.entities.policy.size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'PoliciesPerAccount', limit })
    }
    if (!(await writer.create(account, 'policy', name, policy))) {
      throw refuse.EntityAlreadyExists({}, { message })
    }
    const tags = policy.tags && { Tags: showTags(policy.tags) }
    return { Policy: { ...showPolicy(state, account, policy), ...tags } }
  },
}
