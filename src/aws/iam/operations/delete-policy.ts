import type { DeletePolicyRequest } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onPolicy } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { ownPolicyName } from '../find.ts'

/** Deletes a policy that nobody has and whose only version is the one in force. */
export const deletePolicy: Operation<Valid<DeletePolicyRequest>, void, IamDeps> = {
  name: 'DeletePolicy',
  access: onPolicy('iam:DeletePolicy'),
  async handle({ PolicyArn }, { account }, deps) {
    const name = ownPolicyName(deps, account, PolicyArn)
    await deps.writer.change(account, 'policy', name, (policy) => {
      if (!policy) throw refuse.NoSuchEntity({}, { message: `Policy ${PolicyArn} was not found.` })
      const here = deps.state.account(account)
      const uses =
        (here?.attachedTo.of(PolicyArn).size ?? 0) + (here?.boundaryOf.of(PolicyArn).size ?? 0)
      if (uses > 0) {
        throw refuse.DeleteConflict({}, { message: 'Cannot delete a policy attached to entities.' })
      }
      if (policy.versions.length > 1) {
        throw refuse.DeleteConflict(
          {},
          {
            message:
              "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          },
        )
      }
      return 'delete'
    })
  },
}
