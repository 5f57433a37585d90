/** Outbound federation: whether STS signs tokens for the account's identities, and under which issuer. */
import { randomUUID } from 'node:crypto'
import type {
  EnableOutboundWebIdentityFederationResponse,
  GetOutboundWebIdentityFederationInfoResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import type { AccountRecord } from '../records.ts'

/** The issuer is new the first time only: whoever trusts it goes on doing so when it is enabled again. */
export const enableOutboundWebIdentityFederation: Operation<
  object,
  EnableOutboundWebIdentityFederationResponse,
  IamDeps
> = {
  name: 'EnableOutboundWebIdentityFederation',
  access: onAccount('iam:EnableOutboundWebIdentityFederation'),
  async handle(_input, { account }, { writer, outboundIssuerUrl }) {
    if (!outboundIssuerUrl) throw refuse.NotImplemented()
    const record = await writer.changeAccount(account, (current) => {
      if (!current) return 'keep'
      if (current.outbound?.enabled) throw refuse.FeatureEnabled()
      const id = current.outbound?.id ?? randomUUID()
      return { record: { ...current, outbound: { id, enabled: true } } }
    })
    return { IssuerIdentifier: issuerOf(record, outboundIssuerUrl) }
  },
}

export const disableOutboundWebIdentityFederation: Operation<object, void, IamDeps> = {
  name: 'DisableOutboundWebIdentityFederation',
  access: onAccount('iam:DisableOutboundWebIdentityFederation'),
  async handle(_input, { account }, { writer }) {
    await writer.changeAccount(account, (current) => {
      if (!current?.outbound?.enabled) throw refuse.FeatureDisabled()
      return { record: { ...current, outbound: { ...current.outbound, enabled: false } } }
    })
  },
}

/** Where it is disabled AWS refuses this, too (seen by a public probe, 2026). */
export const getOutboundWebIdentityFederationInfo: Operation<
  object,
  GetOutboundWebIdentityFederationInfoResponse,
  IamDeps
> = {
  name: 'GetOutboundWebIdentityFederationInfo',
  access: onAccount('iam:GetOutboundWebIdentityFederationInfo'),
  handle(_input, { account }, { state, outboundIssuerUrl }) {
    const record = state.account(account)?.root?.record
    if (!record?.outbound?.enabled) throw refuse.FeatureDisabled()
    return { IssuerIdentifier: issuerOf(record, outboundIssuerUrl), JwtVendingEnabled: true }
  },
}

function issuerOf(record: AccountRecord | undefined, url: IamDeps['outboundIssuerUrl']): string {
  if (!record?.outbound || !url) throw refuse.FeatureDisabled()
  return url(record.outbound.id)
}
