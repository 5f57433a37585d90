/** IAM: the identities of all accounts, and the API that manages them. */
import type { Clock } from '../../kernel/clock.ts'
import { validatePolicy } from '../../kernel/policy/validate.ts'
import type { Store } from '../../store/store.ts'
import type { Identities } from '../identities.ts'
import type { AwsService } from '../operation.ts'
import { type AccountKeys, createAccount } from './accounts.ts'
import { createIdentities } from './identities.ts'
import { openLastUsed } from './last-used.ts'
import { openAwsManagedPolicies } from './managed-policies.ts'
import { instanceProfileOf, type RoleProfile } from './profile-of-role.ts'
import { defaultQuotas, type Quotas } from './quotas.ts'
import { createIamService } from './service.ts'
import { IamState } from './state.ts'
import { fetchThumbprint as fetchFromServer } from './thumbprint.ts'
import { Writer } from './writer.ts'

export interface IamOptions {
  readonly store: Store
  readonly clock: Clock
  /**
   * Is this issuer one of ours? Its provider is then also found when it was registered without the issuer's port, as
   * eksctl does. Default: no issuer is.
   */
  readonly ownIssuer?: (issuer: string) => boolean
  /**
   * Finds the thumbprint for a provider that is registered without one: SHA-1 (hex) of the last certificate that the
   * issuer's server presents. Default: connects to it.
   */
  readonly fetchThumbprint?: (url: string) => Promise<string>
  /** The URL of the issuer of outbound federation with this id. Absent: it cannot be enabled. */
  readonly outboundIssuerUrl?: (id: string) => string
  /** Default: AWS's own. */
  readonly quotas?: Partial<Quotas>
}

export interface Iam extends AsyncDisposable {
  readonly service: AwsService
  readonly identities: Identities
  /**
   * Makes an account with keys for its root user and for a user `administrator`; of an account that is there already,
   * returns the same keys (a root or administrator key that was deleted is made anew). `id`: 12 digits.
   */
  createAccount(account: { id: string; name?: string }): Promise<AccountKeys>
  /** The instance profile that a role is in. */
  instanceProfileOf(roleArn: string): RoleProfile | undefined
  /** True where an account's outbound federation has (or, disabled now, had) the issuer with this id. */
  isOutboundIssuer(id: string): boolean
  /** All accounts, by id. */
  accounts(): readonly { readonly id: string; readonly name?: string }[]
}

/** Reads IAM from the store and follows it; nothing is written before the first call. */
export function openIam(options: IamOptions): Iam {
  const { store, clock, ownIssuer = () => false, fetchThumbprint = fetchFromServer } = options
  const quotas = { ...defaultQuotas, ...options.quotas }
  const state = new IamState(store)
  const awsManaged = openAwsManagedPolicies()
  const lastUsed = openLastUsed({ state, store, clock })
  const writer = new Writer(store, state)
  return {
    service: createIamService({
      state,
      awsManaged,
      writer,
      quotas,
      validatePolicy,
      fetchThumbprint,
      outboundIssuerUrl: options.outboundIssuerUrl,
    }),
    identities: createIdentities({ state, awsManaged, lastUsed, ownIssuer, writer }),
    createAccount: (account) => createAccount({ state, writer, clock }, account),
    instanceProfileOf: (roleArn) => instanceProfileOf(state, roleArn),
    isOutboundIssuer: (id) => state.accounts().some(({ root }) => root?.record.outbound?.id === id),
    accounts: () =>
      state
        .accounts()
        .map(({ id, root }) => ({ id, ...(root?.record.name && { name: root.record.name }) }))
        .sort((a, b) => Number(a.id) - Number(b.id)),
    async [Symbol.asyncDispose]() {
      await lastUsed[Symbol.asyncDispose]()
      state[Symbol.dispose]()
    },
  }
}
