import type { ListAccessPoliciesRequest, ListAccessPoliciesResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import { anyNeed } from '../access.ts'
import { accessPolicies } from '../access-policies.ts'
import { pageOf } from '../paging.ts'

/** The access policies that can be granted. */
export const listAccessPolicies: Operation<
  ListAccessPoliciesRequest,
  ListAccessPoliciesResponse,
  unknown
> = {
  name: 'ListAccessPolicies',
  access: () => [anyNeed('ListAccessPolicies')],
  handle(input) {
    const { items, ...rest } = pageOf(accessPolicies(), input)
    return { accessPolicies: items, ...rest }
  },
}
