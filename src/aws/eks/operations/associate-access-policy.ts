import type {
  AssociateAccessPolicyRequest,
  AssociateAccessPolicyResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { isAccessPolicy } from '../access-policies.ts'
import { entryNeed, entryNotFound, findEntry } from '../entry-lookup.ts'
import { invalidParameter } from '../errors.ts'
import type { AssociatedPolicy } from '../records.ts'
import { showAssociatedPolicy } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<AssociateAccessPolicyRequest>

const namespacesMax = 100

/** Grants an entry an access policy, in the whole cluster or some namespaces; a second time, the scope is replaced. */
export const associateAccessPolicy: Operation<
  Input,
  AssociateAccessPolicyResponse,
  { state: EksState }
> = {
  name: 'AssociateAccessPolicy',
  access: (input, call, { state }) => [
    entryNeed('AssociateAccessPolicy', call, input, state, {
      'eks:policyArn': input.policyArn,
      'eks:accessScope': input.accessScope.type ?? '',
    }),
  ],
  async handle(input, call, { state }) {
    const { cluster, entry } = findEntry(state, call, input)
    const { policyArn } = input
    if (!isAccessPolicy(policyArn)) {
      throw invalidParameter('The policyArn parameter format is not valid', {
        clusterName: cluster.name,
      })
    }
    if (entry.type !== 'STANDARD') {
      throw invalidParameter(
        `Access policies cannot be associated with an access entry of type ${entry.type}.`,
        { clusterName: cluster.name },
      )
    }
    const scope = scopeOf(input)
    const previous = entry.policies.find((p) => p.policyArn === policyArn)
    const associated: AssociatedPolicy = {
      policyArn,
      ...scope,
      associatedAt: previous?.associatedAt ?? call.at,
      modifiedAt: call.at,
    }
    const changed = await state.change(cluster, 'access-entry', entry.principalArn, (current) => ({
      ...current,
      policies: [...current.policies.filter((p) => p.policyArn !== policyArn), associated],
    }))
    if (!changed) throw entryNotFound(cluster.name)
    return {
      clusterName: cluster.name,
      principalArn: entry.principalArn,
      associatedAccessPolicy: showAssociatedPolicy(associated),
    }
  },
}

function scopeOf({
  accessScope,
  clusterName,
}: Input): Pick<AssociatedPolicy, 'type' | 'namespaces'> {
  const type = accessScope.type ?? 'cluster'
  const namespaces = [...new Set(accessScope.namespaces ?? [])]
  if (type === 'namespace' && namespaces.length === 0) {
    throw invalidParameter('Access scope of type namespace needs namespaces.', { clusterName })
  }
  if (type === 'cluster' && namespaces.length > 0) {
    throw invalidParameter('Access scope of type cluster takes no namespaces.', { clusterName })
  }
  if (namespaces.length > namespacesMax) {
    throw invalidParameter(`An access scope takes at most ${namespacesMax} namespaces.`, {
      clusterName,
    })
  }
  return { type, namespaces }
}
