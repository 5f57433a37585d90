/** Tags of roles, users, policies, instance profiles and OIDC providers: Tag…, Untag…, List…Tags. */
import type { Tag } from '@aws-sdk/client-iam'
import type { Call, Need, Operation } from '../../operation.ts'
import { onEntity, onPolicy, onProvider } from '../access.ts'
import { type IamDeps, type NamedInput, nameIn } from '../deps.ts'
import { refuse } from '../errors.ts'
import {
  existing,
  find,
  findManaged,
  findProviderByArn,
  ownPolicyName,
  providerKey,
} from '../find.ts'
import { type PageAnswer, type PageRequest, pageOfList } from '../paging.ts'
import type { Tags } from '../records.ts'
import { addTags, removeTags, showTags } from '../tags.ts'

/** All that names an entity with tags. */
type TaggedInput = NamedInput & {
  readonly PolicyArn?: string
  readonly OpenIDConnectProviderArn?: string
}

export type TaggedKind = 'role' | 'user' | 'policy' | 'instance-profile' | 'oidc-provider'

const titles: Readonly<Record<TaggedKind, string>> = {
  role: 'Role',
  user: 'User',
  policy: 'Policy',
  'instance-profile': 'InstanceProfile',
  'oidc-provider': 'OpenIDConnectProvider',
}

export function tagEntity(
  kind: TaggedKind,
): Operation<TaggedInput & { readonly Tags: Tag[] }, void, IamDeps> {
  const operation = `Tag${titles[kind]}`
  return {
    name: operation,
    access: needs(kind, `iam:${operation}`),
    handle: (input, { account }, deps) =>
      changeTags(deps, account, kind, input, (old) =>
        addTags(old, input.Tags, deps.quotas.tagsPerEntity),
      ),
  }
}

export function untagEntity(
  kind: TaggedKind,
): Operation<TaggedInput & { readonly TagKeys: string[] }, void, IamDeps> {
  const operation = `Untag${titles[kind]}`
  return {
    name: operation,
    access: needs(kind, `iam:${operation}`),
    handle: (input, { account }, deps) =>
      changeTags(deps, account, kind, input, (old) => removeTags(old, input.TagKeys)),
  }
}

export function listEntityTags(
  kind: TaggedKind,
): Operation<TaggedInput & PageRequest, { Tags: Tag[] } & PageAnswer, IamDeps> {
  const operation = `List${titles[kind]}Tags`
  return {
    name: operation,
    access: needs(kind, `iam:${operation}`),
    handle(input, { account }, deps) {
      const tags = showTags(tagsOf(deps, account, kind, input))
      const { items, page } = pageOfList(tags, ({ Key = '' }) => Key, input)
      return { Tags: items, ...page }
    },
  }
}

type Needs = (input: TaggedInput, call: Call, deps: IamDeps) => readonly Need[]

function needs(kind: TaggedKind, action: string): Needs {
  if (kind === 'policy') return onPolicy(action)
  if (kind === 'oidc-provider') return onProvider(action)
  return onEntity(action, kind)
}

function tagsOf(
  deps: IamDeps,
  account: string,
  kind: TaggedKind,
  input: TaggedInput,
): Tags | undefined {
  if (kind === 'policy') return findManaged(deps, account, input.PolicyArn ?? '').tags
  if (kind === 'oidc-provider') {
    return findProviderByArn(deps.state, account, input.OpenIDConnectProviderArn ?? '').tags
  }
  return find(deps.state, account, kind, nameIn(kind, input)).tags
}

async function changeTags(
  deps: IamDeps,
  account: string,
  kind: TaggedKind,
  input: TaggedInput,
  edit: (old: Tags) => Tags,
): Promise<void> {
  const name = nameOf(deps, account, kind, input)
  await deps.writer.change(account, kind, name, (found) => {
    const record =
      kind === 'policy' || kind === 'oidc-provider' ? found : existing(found as never, kind, name)
    if (!record) throw refuse.NoSuchEntity({ kind: titles[kind], name })
    return {
      record: {
        ...(record as object),
        tags: edit((record as { tags?: Tags }).tags ?? {}),
      } as never,
    }
  })
}

function nameOf(deps: IamDeps, account: string, kind: TaggedKind, input: TaggedInput): string {
  if (kind === 'policy') return ownPolicyName(deps, account, input.PolicyArn ?? '')
  if (kind === 'oidc-provider') {
    return providerKey(findProviderByArn(deps.state, account, input.OpenIDConnectProviderArn ?? ''))
  }
  return nameIn(kind, input)
}
