/** OIDC providers: get, list, delete, and their thumbprints and client ids. */
import type {
  AddClientIDToOpenIDConnectProviderRequest,
  DeleteOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderResponse,
  ListOpenIDConnectProvidersResponse,
  RemoveClientIDFromOpenIDConnectProviderRequest,
  UpdateOpenIDConnectProviderThumbprintRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount, onProvider } from '../access.ts'
import { dateOf, type IamDeps, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findProviderByArn, providerKey } from '../find.ts'
import { providerArn, providerName } from '../names.ts'
import { readClientIds, readThumbprints } from '../provider-lists.ts'
import type { ProviderRecord } from '../records.ts'
import { showTags } from '../tags.ts'

/** The URL is shown without its scheme, as AWS shows it. */
export const getOpenIDConnectProvider: Operation<
  Valid<GetOpenIDConnectProviderRequest>,
  GetOpenIDConnectProviderResponse,
  IamDeps
> = {
  name: 'GetOpenIDConnectProvider',
  access: onProvider('iam:GetOpenIDConnectProvider'),
  handle({ OpenIDConnectProviderArn }, { account }, { state }) {
    const provider = findProviderByArn(state, account, OpenIDConnectProviderArn)
    return {
      Url: providerName(provider.url),
      ClientIDList: [...provider.clientIds],
      ThumbprintList: [...provider.thumbprints],
      CreateDate: dateOf(provider.createdAt),
      Tags: showTags(provider.tags),
    }
  },
}

export const listOpenIDConnectProviders: Operation<
  object,
  ListOpenIDConnectProvidersResponse,
  IamDeps
> = {
  name: 'ListOpenIDConnectProviders',
  access: onAccount('iam:ListOpenIDConnectProviders'),
  handle(_input, { account }, { state }) {
    const all = state.account(account)?.entities['oidc-provider'].after(undefined) ?? []
    return {
      OpenIDConnectProviderList: [...all].map(([, { url }]) => ({
        Arn: providerArn(account, url),
      })),
    }
  },
}

/** One that is not there is an error, whatever the API reference says (recorded in February 2026). */
export const deleteOpenIDConnectProvider: Operation<
  Valid<DeleteOpenIDConnectProviderRequest>,
  void,
  IamDeps
> = {
  name: 'DeleteOpenIDConnectProvider',
  access: onProvider('iam:DeleteOpenIDConnectProvider'),
  async handle({ OpenIDConnectProviderArn }, { account }, { state, writer }) {
    const message = `OpenId connect Provider ${OpenIDConnectProviderArn} cannot be found.`
    const provider = findProviderByArn(state, account, OpenIDConnectProviderArn, message)
    await writer.change(account, 'oidc-provider', providerKey(provider), (found) => {
      if (!found) throw refuse.NoSuchEntity({}, { message })
      return 'delete'
    })
  },
}

/** Replaces all thumbprints. */
export const updateOpenIDConnectProviderThumbprint: Operation<
  Valid<UpdateOpenIDConnectProviderThumbprintRequest>,
  void,
  IamDeps
> = {
  name: 'UpdateOpenIDConnectProviderThumbprint',
  access: onProvider('iam:UpdateOpenIDConnectProviderThumbprint'),
  handle: (input, { account }, deps) =>
    changeProvider(deps, account, input.OpenIDConnectProviderArn, () => ({
      thumbprints: readThumbprints(input.ThumbprintList, deps.quotas),
    })),
}

/** A client id that is there already is no error. */
export const addClientIDToOpenIDConnectProvider: Operation<
  Valid<AddClientIDToOpenIDConnectProviderRequest>,
  void,
  IamDeps
> = {
  name: 'AddClientIDToOpenIDConnectProvider',
  access: onProvider('iam:AddClientIDToOpenIDConnectProvider'),
  handle: (input, { account }, deps) =>
    changeProvider(deps, account, input.OpenIDConnectProviderArn, ({ clientIds }) => ({
      clientIds: readClientIds([...clientIds, input.ClientID], deps.quotas),
    })),
}

/** A client id that is not there is no error. */
export const removeClientIDFromOpenIDConnectProvider: Operation<
  Valid<RemoveClientIDFromOpenIDConnectProviderRequest>,
  void,
  IamDeps
> = {
  name: 'RemoveClientIDFromOpenIDConnectProvider',
  access: onProvider('iam:RemoveClientIDFromOpenIDConnectProvider'),
  handle: (input, { account }, deps) =>
    changeProvider(deps, account, input.OpenIDConnectProviderArn, ({ clientIds }) => ({
      clientIds: clientIds.filter((id) => id !== input.ClientID),
    })),
}

async function changeProvider(
  { state, writer }: IamDeps,
  account: string,
  arn: string,
  edit: (provider: ProviderRecord) => Partial<ProviderRecord>,
): Promise<void> {
  const key = providerKey(findProviderByArn(state, account, arn))
  await writer.change(account, 'oidc-provider', key, (provider) => {
    if (!provider) {
      throw refuse.NoSuchEntity({}, { message: `OpenIDConnect Provider not found for arn ${arn}` })
    }
    return { record: { ...provider, ...edit(provider) } }
  })
}
