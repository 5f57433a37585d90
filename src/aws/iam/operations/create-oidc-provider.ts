import type {
  CreateOpenIDConnectProviderRequest,
  CreateOpenIDConnectProviderResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { requestContext } from '../access.ts'
import { type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { providerArn, providerName } from '../names.ts'
import { readClientIds, readThumbprints } from '../provider-lists.ts'
import { keptProviderUrl, readProviderUrl } from '../provider-url.ts'
import type { ProviderRecord } from '../records.ts'
import { readTags, showTags } from '../tags.ts'

/** Registers an issuer: from then on roles may trust the tokens that it signs. */
export const createOpenIDConnectProvider: Operation<
  Valid<CreateOpenIDConnectProviderRequest>,
  CreateOpenIDConnectProviderResponse,
  IamDeps
> = {
  name: 'CreateOpenIDConnectProvider',
  access(input, { account }) {
    // A URL that is none is refused later: other mistakes are told first.
    const resource = providerArn(account, keptProviderUrl(input.Url) ?? input.Url)
    const actions = ['iam:CreateOpenIDConnectProvider']
    if (input.Tags && input.Tags.length > 0) actions.push('iam:TagOpenIDConnectProvider')
    return actions.map((action) => ({ action, resource, context: requestContext(input) }))
  },
  async handle(input, { account, at }, { state, writer, quotas, fetchThumbprint }) {
    const clientIds = readClientIds(input.ClientIDList ?? [], quotas)
    const given = readThumbprints(input.ThumbprintList ?? [], quotas)
    const url = readProviderUrl(input.Url)
    const name = providerName(url)
    const taken = () =>
      refuse.EntityAlreadyExists({}, { message: `Provider with url ${url} already exists.` })
    const tags = readTags(input.Tags, 'differs')
    if (state.entry(account, 'oidc-provider', name)) throw taken()
    const limit = quotas.providersPerAccount
    if ((state.account(account)?.entities['oidc-provider'].size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'OpenIdConnectProvidersPerAccount', limit })
    }
    const thumbprints = given.length > 0 ? given : [await fetched(url, fetchThumbprint)]
    const record: ProviderRecord = {
      url,
      clientIds,
      thumbprints,
      createdAt: secondsOf(at),
      ...tags,
    }
    if (!(await writer.create(account, 'oidc-provider', name, record))) throw taken()
    return {
      OpenIDConnectProviderArn: providerArn(account, url),
      ...(record.tags && { Tags: showTags(record.tags) }),
    }
  },
}

async function fetched(url: string, fetch: IamDeps['fetchThumbprint']): Promise<string> {
  try {
    return (await fetch(url)).toLowerCase()
  } catch (cause) {
    throw refuse.OpenIdIdpCommunicationError({ url }, { facts: { cause: String(cause) } })
  }
}
