/** What operations need: the action, the ARN it works on and the condition keys that IAM knows. */
import { iamTagKeys } from '../../chain/links/trust.ts'
import { iamArn } from '../../kernel/arn.ts'
import type { Call, ConditionContext, Need } from '../operation.ts'
import { type NamedInput, type NamedKind, nameIn } from './deps.ts'
import { mfaDevice, userOrSelf } from './find.ts'
import { findPolicy, findProvider, type PolicySource } from './lookup.ts'
import { entityArn, providerArn } from './names.ts'
import type { Attachment, Tags } from './records.ts'
import type { IamState } from './state.ts'

type State = { readonly state: IamState }

/** Members of inputs that become condition keys. */
interface ConditionInput {
  readonly Tags?: readonly {
    readonly Key?: string | undefined
    readonly Value?: string | undefined
  }[]
  readonly TagKeys?: readonly string[]
  readonly PolicyArn?: string
  readonly PermissionsBoundary?: string
  readonly AWSServiceName?: string
}

/** An action on an entity that is there (or not: then its ARN without a path). */
export function onEntity(action: string, kind: NamedKind) {
  return (input: NamedInput & ConditionInput, call: Call, { state }: State): readonly Need[] => [
    entityNeed(action, kind, nameIn(kind, input), input, call, state),
  ]
}

/** An action on an entity that is to be made; with tags it needs the tagging action, too. */
export function onNewEntity(action: string, kind: NamedKind | 'policy', tagAction?: string) {
  return (
    input: NamedInput & ConditionInput & { readonly Path?: string; readonly PolicyName?: string },
    call: Call,
  ): readonly Need[] => {
    const name = kind === 'policy' ? (input.PolicyName ?? '') : nameIn(kind, input)
    const resource = entityArn(call.account, kind, { path: input.Path ?? '/', name })
    const context = requestContext(input)
    const tagged = tagAction !== undefined && (input.Tags?.length ?? 0) > 0
    return [action, ...(tagged ? [tagAction] : [])].map((needed) => ({
      action: needed,
      resource,
      context,
    }))
  }
}

/** An action on a managed policy. */
export function onPolicy(action: string) {
  return (
    input: { readonly PolicyArn?: string } & Pick<ConditionInput, 'Tags' | 'TagKeys'>,
    _call: Call,
    source: PolicySource,
  ): readonly Need[] => {
    const resource = input.PolicyArn ?? ''
    const tags = findPolicy(source, resource)?.tags
    const { PolicyArn: _, ...rest } = input
    return [{ action, resource, context: { ...requestContext(rest), ...iamTagKeys(tags) } }]
  }
}

/** An action on all entities of a kind (`arn:aws:iam::…:role/prefix/`), as AWS names it in denials. */
export function onList(
  action: string,
  kind: 'role' | 'user' | 'group' | 'instance-profile' | 'server-certificate',
) {
  return (input: { readonly PathPrefix?: string }, call: Call): readonly Need[] => [
    { action, resource: iamArn(call.account, `${kind}${input.PathPrefix ?? '/'}`) },
  ]
}

/** An action on the user that the request names, else on the caller himself; on root's ARN where that is root. */
export function onUserOrSelf(action: string) {
  return (input: { readonly UserName?: string }, call: Call, { state }: State): readonly Need[] => {
    const name = userOrSelf(input.UserName, call)
    return name === undefined
      ? [{ action, resource: iamArn(call.account, 'root') }]
      : [entityNeed(action, 'user', name, {}, call, state)]
  }
}

/** An action without a resource. */
export function onAccount(action: string) {
  return (): readonly Need[] => [{ action, resource: '*' }]
}

/** One action on one entity, by its name. */
export function entityNeed(
  action: string,
  kind: NamedKind,
  name: string,
  input: ConditionInput,
  call: Call,
  state: IamState,
): Need {
  const record = state.entry(call.account, kind, name)?.record
  const boundary = record && 'boundary' in record ? (record.boundary as Attachment) : undefined
  const tags = record && 'tags' in record ? (record.tags as Tags) : undefined
  return {
    action,
    resource: entityArn(call.account, kind, record ?? { path: '/', name }),
    context: {
      ...(boundary && { 'iam:PermissionsBoundary': boundary.arn }),
      ...requestContext(input),
      ...iamTagKeys(tags),
    },
  }
}

/** Renaming needs the action on the old name and on the new one. */
export function bothNames(
  kind: 'user' | 'group' | 'server-certificate',
  action: string,
  name: string,
  newName: string | undefined,
  newPath: string | undefined,
  call: Call,
  { state }: State,
): readonly Need[] {
  const need = entityNeed(action, kind, name, {}, call, state)
  const path = newPath ?? state.entry(call.account, kind, name)?.record.path ?? '/'
  const resource = entityArn(call.account, kind, { path, name: newName ?? name })
  return resource === need.resource ? [need] : [need, { action, resource }]
}

export function requestContext(input: ConditionInput): ConditionContext {
  const context: Record<string, string | readonly string[]> = {}
  for (const { Key = '', Value = '' } of input.Tags ?? []) context[`aws:RequestTag/${Key}`] = Value
  const keys = input.Tags?.map(({ Key = '' }) => Key) ?? input.TagKeys
  if (keys && keys.length > 0) context['aws:TagKeys'] = keys
  if (input.PolicyArn !== undefined) context['iam:PolicyARN'] = input.PolicyArn
  if (input.PermissionsBoundary !== undefined) {
    context['iam:PermissionsBoundary'] = input.PermissionsBoundary
  }
  if (input.AWSServiceName !== undefined) context['iam:AWSServiceName'] = input.AWSServiceName
  return context
}

/** An action on an OIDC provider. */
export function onProvider(action: string) {
  return (
    input: { readonly OpenIDConnectProviderArn?: string } & Pick<
      ConditionInput,
      'Tags' | 'TagKeys'
    >,
    call: Call,
    { state }: State,
  ): readonly Need[] => {
    const given = input.OpenIDConnectProviderArn ?? ''
    const provider = findProvider(state, call.account, given)
    // The provider's own ARN decides, also where the request leaves the port out.
    const resource = provider ? providerArn(call.account, provider.url) : given
    const context = { ...requestContext(input), ...iamTagKeys(provider?.tags) }
    return [{ action, resource, context }]
  }
}

/** An action on a SAML provider. */
export function onSamlProvider(action: string) {
  return (
    input: { readonly SAMLProviderArn?: string } & Pick<ConditionInput, 'Tags' | 'TagKeys'>,
    call: Call,
    { state }: State,
  ): readonly Need[] => {
    const resource = input.SAMLProviderArn ?? ''
    const name = resource.slice(resource.lastIndexOf('/') + 1)
    const tags = state.entry(call.account, 'saml-provider', name)?.record.tags
    return [{ action, resource, context: { ...requestContext(input), ...iamTagKeys(tags) } }]
  }
}

/** An action on an MFA device. */
export function onMfaDevice(action: string) {
  return (
    input: { readonly SerialNumber?: string } & Pick<ConditionInput, 'Tags' | 'TagKeys'>,
    call: Call,
    { state }: State,
  ): readonly Need[] => {
    const resource = input.SerialNumber ?? ''
    const tags = mfaDevice(state, call.account, resource)?.tags
    return [{ action, resource, context: { ...requestContext(input), ...iamTagKeys(tags) } }]
  }
}
