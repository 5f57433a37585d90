/** SAML providers as records of their metadata. (No session is to be had by one: AssumeRoleWithSAML is not served.) */
import type {
  CreateSAMLProviderRequest,
  CreateSAMLProviderResponse,
  DeleteSAMLProviderRequest,
  GetSAMLProviderRequest,
  GetSAMLProviderResponse,
  ListSAMLProvidersResponse,
  UpdateSAMLProviderRequest,
  UpdateSAMLProviderResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount, onSamlProvider, requestContext } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findSamlProvider } from '../find.ts'
import { newSamlProviderId } from '../ids.ts'
import { entityArn } from '../names.ts'
import type { SamlProviderRecord } from '../records.ts'
import { readPrivateKey, readSamlMetadata } from '../saml-metadata.ts'
import { readTags, showTags } from '../tags.ts'

/** How long metadata holds that says nothing about it: AWS shows a hundred years. */
const validSeconds = 100 * 365 * 24 * 3600
const privateKeysMax = 2

export const createSAMLProvider: Operation<
  Valid<CreateSAMLProviderRequest>,
  CreateSAMLProviderResponse,
  IamDeps
> = {
  name: 'CreateSAMLProvider',
  access(input, { account }) {
    const resource = entityArn(account, 'saml-provider', { path: '/', name: input.Name })
    const actions = ['iam:CreateSAMLProvider']
    if (input.Tags && input.Tags.length > 0) actions.push('iam:TagSAMLProvider')
    return actions.map((action) => ({ action, resource, context: requestContext(input) }))
  },
  async handle(input, { account, at }, { state, writer, quotas }) {
    const now = secondsOf(at)
    const { validUntil } = readSamlMetadata(input.SAMLMetadataDocument)
    const provider: SamlProviderRecord = {
      name: input.Name,
      path: '/',
      id: newSamlProviderId(),
      createdAt: now,
      metadata: input.SAMLMetadataDocument,
      validUntil: validUntil ?? now + validSeconds,
      encryption: input.AssertionEncryptionMode ?? 'Allowed',
      privateKeys: input.AddPrivateKey ? [readPrivateKey(input.AddPrivateKey, now)] : [],
      ...readTags(input.Tags, 'differs'),
    }
    const limit = quotas.samlProvidersPerAccount
    if ((state.account(account)?.entities['saml-provider'].size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'SAMLProvidersPerAccount', limit })
    }
    if (!(await writer.create(account, 'saml-provider', provider.name, provider))) {
      const message = `SAMLProvider with name ${provider.name} already exists.`
      throw refuse.EntityAlreadyExists({}, { message })
    }
    return {
      SAMLProviderArn: entityArn(account, 'saml-provider', provider),
      ...(provider.tags && { Tags: showTags(provider.tags) }),
    }
  },
}

export const getSAMLProvider: Operation<
  Valid<GetSAMLProviderRequest>,
  GetSAMLProviderResponse,
  IamDeps
> = {
  name: 'GetSAMLProvider',
  access: onSamlProvider('iam:GetSAMLProvider'),
  handle({ SAMLProviderArn }, { account }, { state }) {
    const provider = findSamlProvider(state, account, SAMLProviderArn)
    return {
      SAMLProviderUUID: provider.id,
      SAMLMetadataDocument: provider.metadata,
      CreateDate: dateOf(provider.createdAt),
      ValidUntil: dateOf(provider.validUntil),
      Tags: showTags(provider.tags),
      AssertionEncryptionMode: provider.encryption,
      PrivateKeyList: provider.privateKeys.map(({ id, at }) => ({
        KeyId: id,
        Timestamp: dateOf(at),
      })),
    }
  },
}

export const listSAMLProviders: Operation<object, ListSAMLProvidersResponse, IamDeps> = {
  name: 'ListSAMLProviders',
  access: onAccount('iam:ListSAMLProviders'),
  handle(_input, { account }, { state }) {
    const all = state.account(account)?.entities['saml-provider'].after(undefined) ?? []
    return {
      SAMLProviderList: [...all].map(([, provider]) => ({
        Arn: entityArn(account, 'saml-provider', provider),
        ValidUntil: dateOf(provider.validUntil),
        CreateDate: dateOf(provider.createdAt),
      })),
    }
  },
}

/** What is not given stays. */
export const updateSAMLProvider: Operation<
  Valid<UpdateSAMLProviderRequest>,
  UpdateSAMLProviderResponse,
  IamDeps
> = {
  name: 'UpdateSAMLProvider',
  access: onSamlProvider('iam:UpdateSAMLProvider'),
  async handle(input, { account, at }, { state, writer }) {
    const { SAMLProviderArn, SAMLMetadataDocument: metadata } = input
    const { name } = findSamlProvider(state, account, SAMLProviderArn)
    const now = secondsOf(at)
    const document = metadata !== undefined && {
      metadata,
      validUntil: readSamlMetadata(metadata).validUntil ?? now + validSeconds,
    }
    const added = input.AddPrivateKey ? [readPrivateKey(input.AddPrivateKey, now)] : []
    await writer.change(account, 'saml-provider', name, (found) => {
      if (!found) throw missing(SAMLProviderArn)
      const kept = found.privateKeys.filter(({ id }) => id !== input.RemovePrivateKey)
      const privateKeys = [...kept, ...added]
      if (privateKeys.length > privateKeysMax) {
        throw refuse.LimitExceeded({ quota: 'PrivateKeysPerSAMLProvider', limit: privateKeysMax })
      }
      const encryption = input.AssertionEncryptionMode ?? found.encryption
      return { record: { ...found, ...document, privateKeys, encryption } }
    })
    return { SAMLProviderArn }
  },
}

export const deleteSAMLProvider: Operation<Valid<DeleteSAMLProviderRequest>, void, IamDeps> = {
  name: 'DeleteSAMLProvider',
  access: onSamlProvider('iam:DeleteSAMLProvider'),
  async handle({ SAMLProviderArn }, { account }, { state, writer }) {
    const { name } = findSamlProvider(state, account, SAMLProviderArn)
    await writer.change(account, 'saml-provider', name, (found) => {
      if (!found) throw missing(SAMLProviderArn)
      return 'delete'
    })
  },
}

function missing(arn: string) {
  return refuse.NoSuchEntity({}, { message: `Manifest not found for arn ${arn}` })
}
