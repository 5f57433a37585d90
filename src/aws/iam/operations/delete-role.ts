import type { DeleteRoleRequest } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing } from '../find.ts'
import { refuseLinked } from '../linked-roles.ts'

/** Deletes a role that has no policies and is in no instance profile; its sessions end with it. */
export const deleteRole: Operation<Valid<DeleteRoleRequest>, void, IamDeps> = {
  name: 'DeleteRole',
  access: onEntity('iam:DeleteRole', 'role'),
  async handle({ RoleName }, { account }, { state, writer }) {
    await writer.change(account, 'role', RoleName, (found) => {
      const role = existing(found, 'role', RoleName)
      refuseLinked(role)
      if (role.attached.length > 0) throw refuse.DeleteConflict()
      if (Object.keys(role.inline).length > 0) {
        throw refuse.DeleteConflict(
          {},
          { message: 'Cannot delete entity, must delete policies first.' },
        )
      }
      if ((state.account(account)?.profilesOf.of(RoleName.toLowerCase()).size ?? 0) > 0) {
        throw refuse.DeleteConflict(
          {},
          { message: 'Cannot delete entity, must remove roles from instance profile first.' },
        )
      }
      return 'delete'
    })
  },
}
