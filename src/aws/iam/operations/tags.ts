/** Tags of all that has them: Tag…, Untag…, List…Tags. */
import type { Tag } from '@aws-sdk/client-iam'
import type { Call, Need, Operation } from '../../operation.ts'
import { onEntity, onMfaDevice, onPolicy, onProvider, onSamlProvider } from '../access.ts'
import { type IamDeps, type NamedInput, type NamedKind, nameIn } from '../deps.ts'
import { refuse } from '../errors.ts'
import {
  find,
  findManaged,
  findMfaDevice,
  findProviderByArn,
  findSamlProvider,
  ownPolicyName,
  providerKey,
} from '../find.ts'
import { type PageAnswer, type PageRequest, pageOfList } from '../paging.ts'
import type { Tags } from '../records.ts'
import { addTags, type KeyCase, removeTags, showTags, tagOrder } from '../tags.ts'

/** All that names an entity with tags. */
type TaggedInput = NamedInput & {
  readonly PolicyArn?: string
  readonly OpenIDConnectProviderArn?: string
  readonly SAMLProviderArn?: string
  readonly SerialNumber?: string
}

const titles = {
  role: 'Role',
  user: 'User',
  policy: 'Policy',
  'instance-profile': 'InstanceProfile',
  'oidc-provider': 'OpenIDConnectProvider',
  'server-certificate': 'ServerCertificate',
  'saml-provider': 'SAMLProvider',
  mfa: 'MFADevice',
} as const

export type TaggedKind = keyof typeof titles

export function tagEntity(
  kind: TaggedKind,
): Operation<TaggedInput & { readonly Tags: Tag[] }, void, IamDeps> {
  const operation = `Tag${titles[kind]}`
  return {
    name: operation,
    access: needs(kind, `iam:${operation}`),
    handle: (input, { account }, deps) =>
      changeTags(deps, account, kind, input, (old) =>
        addTags(old, input.Tags, deps.quotas.tagsPerEntity, keyCaseOf(kind)),
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
      changeTags(deps, account, kind, input, (old) =>
        removeTags(old, input.TagKeys, keyCaseOf(kind)),
      ),
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
      const tags = showTags(found(deps, account, kind, input).tags)
      const { items, page } = pageOfList(tags, (tag) => tagOrder(tag, keyCaseOf(kind)), input)
      return { Tags: items, ...page }
    },
  }
}

/** IAM user guide, "Tagging IAM resources": only the keys of users and roles are the same in any case. */
function keyCaseOf(kind: TaggedKind): KeyCase {
  return kind === 'user' || kind === 'role' ? 'same' : 'differs'
}

type Needs = (input: TaggedInput, call: Call, deps: IamDeps) => readonly Need[]

function needs(kind: TaggedKind, action: string): Needs {
  switch (kind) {
    case 'policy':
      return onPolicy(action)
    case 'oidc-provider':
      return onProvider(action)
    case 'saml-provider':
      return onSamlProvider(action)
    case 'mfa':
      return onMfaDevice(action)
    default:
      return onEntity(action, kind)
  }
}

/** The entity's tags, and the name by which the store finds it. */
function found(
  deps: IamDeps,
  account: string,
  kind: TaggedKind,
  input: TaggedInput,
): { readonly name: string; readonly tags?: Tags } {
  switch (kind) {
    case 'policy':
      return findManaged(deps, account, input.PolicyArn ?? '')
    case 'oidc-provider': {
      const arn = input.OpenIDConnectProviderArn ?? ''
      const provider = findProviderByArn(deps.state, account, arn)
      return { name: providerKey(provider), ...(provider.tags && { tags: provider.tags }) }
    }
    case 'saml-provider':
      return findSamlProvider(deps.state, account, input.SAMLProviderArn ?? '')
    case 'mfa':
      return findMfaDevice(deps.state, account, input.SerialNumber ?? '')
    default:
      return find<NamedKind>(deps.state, account, kind, nameIn(kind, input))
  }
}

async function changeTags(
  deps: IamDeps,
  account: string,
  kind: TaggedKind,
  input: TaggedInput,
  edit: (old: Tags) => Tags,
): Promise<void> {
  const { name } =
    kind === 'policy'
      ? { name: ownPolicyName(deps, account, input.PolicyArn ?? '') }
      : found(deps, account, kind, input)
  await deps.writer.change(account, kind, name, (record) => {
    if (!record) throw refuse.NoSuchEntity({ kind: titles[kind], name })
    const { tags = {} } = record as { tags?: Tags }
    return { record: { ...record, tags: edit(tags) } as never }
  })
}
