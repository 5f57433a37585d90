/** PutRolePermissionsBoundary, PutUserPermissionsBoundary and their opposites. */
import type { Operation } from '../../operation.ts'
import { onEntity } from '../access.ts'
import { checkBoundary } from '../boundary.ts'
import { type IamDeps, type NamedInput, nameIn } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing } from '../find.ts'
import { refuseLinked } from '../linked-roles.ts'
import type { RoleRecord, UserRecord } from '../records.ts'

type BoundedKind = 'role' | 'user'

const titles = { role: 'Role', user: 'User' } as const

export function putPermissionsBoundary(
  kind: BoundedKind,
): Operation<NamedInput & { readonly PermissionsBoundary: string }, void, IamDeps> {
  const operation = `Put${titles[kind]}PermissionsBoundary`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    async handle(input, { account }, deps) {
      const name = nameIn(kind, input)
      await deps.writer.change(account, kind, name, (found) => {
        const record: RoleRecord | UserRecord = existing(found, kind, name)
        if (kind === 'role') refuseLinked(record as RoleRecord)
        const boundary = checkBoundary(deps, account, input.PermissionsBoundary)
        return { record: { ...record, ...boundary } as never }
      })
    },
  }
}

export function deletePermissionsBoundary(kind: BoundedKind): Operation<NamedInput, void, IamDeps> {
  const operation = `Delete${titles[kind]}PermissionsBoundary`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    async handle(input, { account }, { writer }) {
      const name = nameIn(kind, input)
      await writer.change(account, kind, name, (found) => {
        const record: RoleRecord | UserRecord = existing(found, kind, name)
        if (kind === 'role') refuseLinked(record as RoleRecord)
        const { boundary, ...rest } = record
        if (!boundary) {
          const message = `Permissions boundary for ${kind} ${record.name} cannot be found.`
          throw refuse.NoSuchEntity({}, { message })
        }
        return { record: rest as never }
      })
    },
  }
}
