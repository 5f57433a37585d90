import type {
  DisassociateAccessPolicyRequest,
  DisassociateAccessPolicyResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { entryNeed, findEntry } from '../entry-lookup.ts'
import { notFound } from '../errors.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DisassociateAccessPolicyRequest>

/** Takes an access policy from an entry. */
export const disassociateAccessPolicy: Operation<
  Input,
  DisassociateAccessPolicyResponse,
  { state: EksState }
> = {
  name: 'DisassociateAccessPolicy',
  access: (input, call, { state }) => [
    entryNeed('DisassociateAccessPolicy', call, input, state, { 'eks:policyArn': input.policyArn }),
  ],
  async handle(input, call, { state }) {
    const { cluster, entry } = findEntry(state, call, input)
    if (!entry.policies.some((p) => p.policyArn === input.policyArn)) {
      throw notFound('The specified policyArn is not associated with the access entry.', {
        clusterName: cluster.name,
      })
    }
    await state.change(cluster, 'access-entry', entry.principalArn, (current) => ({
      ...current,
      policies: current.policies.filter((p) => p.policyArn !== input.policyArn),
    }))
    return {}
  },
}
