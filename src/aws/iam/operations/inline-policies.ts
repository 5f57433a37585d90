/** The inline policies of roles, users and groups: Put…Policy, Get…Policy, List…Policies, Delete…Policy. */
import { policySize } from '../../../kernel/policy/policy-shape.ts'
import type { Operation } from '../../operation.ts'
import { onEntity } from '../access.ts'
import { type GranteeKind, type IamDeps, type NamedInput, nameIn } from '../deps.ts'
import { checkDocument, encodeDocument } from '../documents.ts'
import { refuse } from '../errors.ts'
import { find } from '../find.ts'
import { changeableGrantee } from '../linked-roles.ts'
import { type PageRequest, pageOfList } from '../paging.ts'
import type { Quotas } from '../quotas.ts'
import type { GranteeRecord } from '../records.ts'

type PolicyInput = NamedInput & { readonly PolicyName: string }

const titles = { role: 'Role', user: 'User', group: 'Group' } as const

const sizeQuotas = {
  role: 'roleInlineSize',
  user: 'userInlineSize',
  group: 'groupInlineSize',
} as const satisfies Record<GranteeKind, keyof Quotas>

export function putInlinePolicy(
  kind: GranteeKind,
): Operation<PolicyInput & { readonly PolicyDocument: string }, void, IamDeps> {
  const operation = `Put${titles[kind]}Policy`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    async handle(input, { account }, deps) {
      const name = nameIn(kind, input)
      find(deps.state, account, kind, name)
      checkDocument(deps, input.PolicyDocument, 'identity')
      await deps.writer.change(account, kind, name, (found) => {
        const grantee = changeableGrantee(found, kind, name)
        const inline = { ...grantee.inline, [input.PolicyName]: input.PolicyDocument }
        const limit = deps.quotas[sizeQuotas[kind]]
        const size = Object.values(inline).reduce((sum, text) => sum + policySize(text), 0)
        if (size > limit) {
          const message = `Maximum policy size of ${limit} bytes exceeded for ${kind} ${grantee.name}`
          throw refuse.LimitExceeded({}, { message })
        }
        return { record: { ...grantee, inline } as never }
      })
    },
  }
}

export function getInlinePolicy(
  kind: GranteeKind,
): Operation<PolicyInput, object, Pick<IamDeps, 'state'>> {
  const operation = `Get${titles[kind]}Policy`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    handle(input, { account }, { state }) {
      const grantee: GranteeRecord = find(state, account, kind, nameIn(kind, input))
      const text = inlineText(grantee, kind, input.PolicyName)
      return {
        [`${titles[kind]}Name`]: grantee.name,
        PolicyName: input.PolicyName,
        PolicyDocument: encodeDocument(text),
      }
    },
  }
}

export function listInlinePolicies(
  kind: GranteeKind,
): Operation<NamedInput & PageRequest, object, Pick<IamDeps, 'state'>> {
  const operation = `List${titles[kind]}Policies`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    handle(input, { account }, { state }) {
      const grantee: GranteeRecord = find(state, account, kind, nameIn(kind, input))
      const { items, page } = pageOfList(Object.keys(grantee.inline), (name) => name, input)
      return { PolicyNames: items, ...page }
    },
  }
}

export function deleteInlinePolicy(kind: GranteeKind): Operation<PolicyInput, void, IamDeps> {
  const operation = `Delete${titles[kind]}Policy`
  return {
    name: operation,
    access: onEntity(`iam:${operation}`, kind),
    async handle(input, { account }, { writer }) {
      const name = nameIn(kind, input)
      await writer.change(account, kind, name, (found) => {
        const grantee = changeableGrantee(found, kind, name)
        inlineText(grantee, kind, input.PolicyName)
        const { [input.PolicyName]: _, ...inline } = grantee.inline
        return { record: { ...grantee, inline } as never }
      })
    },
  }
}

function inlineText({ inline }: GranteeRecord, kind: GranteeKind, name: string): string {
  const text = Object.hasOwn(inline, name) ? inline[name] : undefined
  if (text === undefined) throw refuse.NoSuchEntity({ kind: `${kind} policy`, name })
  return text
}
