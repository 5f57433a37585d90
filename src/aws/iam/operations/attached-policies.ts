/** Managed policies on roles, users and groups: Attach…Policy, Detach…Policy, ListAttached…Policies. */
import type { AttachedPolicy } from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity } from '../access.ts'
import { attachmentOf } from '../boundary.ts'
import { type GranteeKind, type IamDeps, type NamedInput, nameIn } from '../deps.ts'
import { refuse } from '../errors.ts'
import { find, findManaged } from '../find.ts'
import { changeableGrantee } from '../linked-roles.ts'
import { type PageAnswer, type PageRequest, pageOfList } from '../paging.ts'
import type { GranteeRecord } from '../records.ts'
import { pathOfPolicy, showAttached } from '../show.ts'

type AttachInput = NamedInput & { readonly PolicyArn: string }

const titles = { role: 'Role', user: 'User', group: 'Group' } as const

/** Attaches a policy; one that is attached already stays so. */
export function attachPolicy(kind: GranteeKind): Operation<AttachInput, void, IamDeps> {
  const operation = `Attach${titles[kind]}Policy`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    async handle(input, { account }, deps) {
      const { writer, quotas } = deps
      const arn = input.PolicyArn
      const name = nameIn(kind, input)
      await writer.change(account, kind, name, (found) => {
        const grantee = changeableGrantee(found, kind, name)
        const text = `Policy ${arn} does not exist or is not attachable.`
        const policy = findManaged(deps, account, arn, text)
        if (policy.aws && policy.path === '/aws-service-role/') throw refuse.PolicyNotAttachable()
        const others = grantee.attached.filter((attachment) => attachment.arn !== arn)
        const limit = quotas.attachedPoliciesPerEntity
        if (others.length >= limit) {
          throw refuse.LimitExceeded({ quota: `PoliciesPer${titles[kind]}`, limit })
        }
        return {
          record: { ...grantee, attached: [...others, attachmentOf(arn, policy)] } as never,
          checks: policy.aws ? [] : [writer.check(account, 'policy', policy.name)],
        }
      })
    },
  }
}

export function detachPolicy(kind: GranteeKind): Operation<AttachInput, void, IamDeps> {
  const operation = `Detach${titles[kind]}Policy`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    async handle(input, { account }, { writer }) {
      const name = nameIn(kind, input)
      await writer.change(account, kind, name, (found) => {
        const grantee = changeableGrantee(found, kind, name)
        const attached = grantee.attached.filter(({ arn }) => arn !== input.PolicyArn)
        if (attached.length === grantee.attached.length) {
          const message = `Policy ${input.PolicyArn} was not found.`
          throw refuse.NoSuchEntity({}, { message })
        }
        return { record: { ...grantee, attached } as never }
      })
    },
  }
}

export function listAttachedPolicies(
  kind: GranteeKind,
): Operation<
  NamedInput & PageRequest & { readonly PathPrefix?: string },
  { AttachedPolicies: AttachedPolicy[] } & PageAnswer,
  Pick<IamDeps, 'state'>
> {
  const operation = `ListAttached${titles[kind]}Policies`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    handle(input, { account }, { state }) {
      const grantee: GranteeRecord = find(state, account, kind, nameIn(kind, input))
      const prefix = input.PathPrefix ?? '/'
      const under = grantee.attached.filter(({ arn }) => pathOfPolicy(arn).startsWith(prefix))
      const { items, page } = pageOfList(under, ({ arn }) => arn, input)
      return { AttachedPolicies: showAttached(items), ...page }
    },
  }
}
