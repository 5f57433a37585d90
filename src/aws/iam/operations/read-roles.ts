/** GetRole and ListRoles. */
import type {
  GetRoleRequest,
  GetRoleResponse,
  ListRolesRequest,
  ListRolesResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity, onList } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { find } from '../find.ts'
import { markedKey, pageOf, underPath } from '../paging.ts'
import { showRole, showWholeRole } from '../show.ts'

export const getRole: Operation<Valid<GetRoleRequest>, GetRoleResponse, Pick<IamDeps, 'state'>> = {
  name: 'GetRole',
  access: onEntity('iam:GetRole', 'role'),
  handle: ({ RoleName }, { account }, { state }) => ({
    Role: showWholeRole(state, account, find(state, account, 'role', RoleName)),
  }),
}

/** Lists roles by name; tags, boundary and last use are only in GetRole, as AWS has it. */
export const listRoles: Operation<
  Valid<ListRolesRequest>,
  ListRolesResponse,
  Pick<IamDeps, 'state'>
> = {
  name: 'ListRoles',
  access: onList('iam:ListRoles', 'role'),
  handle(input, { account }, { state }) {
    const all = state.account(account)?.entities.role.after(markedKey(input)) ?? []
    const { items, page } = pageOf(underPath(all, input.PathPrefix), input)
    return { Roles: items.map((role) => showRole(state, account, role)), ...page }
  },
}
