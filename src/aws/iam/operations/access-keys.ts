/** The access keys of users and of the root user: create, list, update, delete, last use. */
import type {
  CreateAccessKeyRequest,
  CreateAccessKeyResponse,
  DeleteAccessKeyRequest,
  GetAccessKeyLastUsedRequest,
  GetAccessKeyLastUsedResponse,
  ListAccessKeysRequest,
  ListAccessKeysResponse,
  StatusType,
  UpdateAccessKeyRequest,
} from '@aws-sdk/client-iam'
import type { Call, Operation } from '../../operation.ts'
import { entityNeed, onUserOrSelf } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, userOrSelf } from '../find.ts'
import { newId, newSecret } from '../ids.ts'
import { pageOfList } from '../paging.ts'
import type { KeyRecord } from '../records.ts'

interface OwnedInput {
  readonly UserName?: string
}

/** The secret is in this answer only. */
export const createAccessKey: Operation<
  Valid<CreateAccessKeyRequest>,
  CreateAccessKeyResponse,
  IamDeps
> = {
  name: 'CreateAccessKey',
  access: onUserOrSelf('iam:CreateAccessKey'),
  async handle(input, call, deps) {
    const key: KeyRecord = {
      id: newId('access-key', call.account),
      secret: newSecret(),
      active: true,
      createdAt: secondsOf(call.at),
    }
    const limit = deps.quotas.accessKeysPerUser
    const owner = await changeKeys(input, call, deps, (keys) => {
      if (keys.length >= limit) throw refuse.LimitExceeded({ quota: 'AccessKeysPerUser', limit })
      return [...keys, key]
    })
    return {
      AccessKey: {
        UserName: owner,
        AccessKeyId: key.id,
        Status: 'Active',
        SecretAccessKey: key.secret,
        CreateDate: dateOf(key.createdAt),
      },
    }
  },
}

export const listAccessKeys: Operation<
  Valid<ListAccessKeysRequest>,
  ListAccessKeysResponse,
  IamDeps
> = {
  name: 'ListAccessKeys',
  access: onUserOrSelf('iam:ListAccessKeys'),
  handle(input, call, { state }) {
    const { account } = call
    const name = userOrSelf(input.UserName, call)
    const user = name === undefined ? undefined : find(state, account, 'user', name)
    const keys = user ? user.keys : (state.account(account)?.root?.record.rootKeys ?? [])
    const { items, page } = pageOfList(keys, ({ id }) => id, input)
    return {
      AccessKeyMetadata: items.map(({ id, active, createdAt }) => ({
        UserName: user?.name,
        AccessKeyId: id,
        Status: active ? 'Active' : 'Inactive',
        CreateDate: dateOf(createdAt),
      })),
      ...page,
    }
  },
}

/** Switches a key off and on: from the next request on. */
export const updateAccessKey: Operation<Valid<UpdateAccessKeyRequest>, void, IamDeps> = {
  name: 'UpdateAccessKey',
  access: onUserOrSelf('iam:UpdateAccessKey'),
  async handle(input, call, deps) {
    const active = input.Status === ('Active' satisfies StatusType)
    await changeKeys(input, call, deps, (keys) => {
      refuseUnknown(keys, input.AccessKeyId)
      return keys.map((key) => (key.id === input.AccessKeyId ? { ...key, active } : key))
    })
  },
}

export const deleteAccessKey: Operation<Valid<DeleteAccessKeyRequest>, void, IamDeps> = {
  name: 'DeleteAccessKey',
  access: onUserOrSelf('iam:DeleteAccessKey'),
  async handle(input, call, deps) {
    await changeKeys(input, call, deps, (keys) => {
      refuseUnknown(keys, input.AccessKeyId)
      return keys.filter(({ id }) => id !== input.AccessKeyId)
    })
  },
}

/** A key that was never used has neither service nor region: `N/A`. */
export const getAccessKeyLastUsed: Operation<
  Valid<GetAccessKeyLastUsedRequest>,
  GetAccessKeyLastUsedResponse,
  IamDeps
> = {
  name: 'GetAccessKeyLastUsed',
  access({ AccessKeyId }, call, { state }) {
    const action = 'iam:GetAccessKeyLastUsed'
    const owner = state.keyOwner(AccessKeyId)
    return owner?.account === call.account && owner.user !== undefined
      ? [entityNeed(action, 'user', owner.user, {}, call, state)]
      : [{ action, resource: '*' }]
  },
  handle({ AccessKeyId }, { account, caller }, { state }) {
    const owner = state.keyOwner(AccessKeyId)
    // A key of another account is none of the caller's business: AWS denies it, so that nobody can probe for keys.
    if (owner?.account !== account) {
      throw refuse.AccessDenied({
        text: `User: ${caller.kind === 'anonymous' ? 'anonymous' : caller.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key ${AccessKeyId}`,
      })
    }
    const user = owner.user && state.entry(account, 'user', owner.user)?.record.name
    const use = state.use(AccessKeyId)
    return {
      ...(user && { UserName: user }),
      AccessKeyLastUsed: {
        LastUsedDate: use && dateOf(use.at),
        ServiceName: use?.service ?? 'N/A',
        Region: use?.region ?? 'N/A',
      },
    }
  },
}

/** Changes the keys of whom the request is about; returns the user's name, undefined for the root user. */
async function changeKeys(
  input: OwnedInput,
  call: Call,
  { writer }: IamDeps,
  edit: (keys: readonly KeyRecord[]) => readonly KeyRecord[],
): Promise<string | undefined> {
  const { account } = call
  const name = userOrSelf(input.UserName, call)
  if (name === undefined) {
    await writer.changeAccount(account, (record) => {
      if (!record) throw refuse.NoSuchEntity({ kind: 'account', name: account })
      return { record: { ...record, rootKeys: edit(record.rootKeys) } }
    })
    return undefined
  }
  const user = await writer.change(account, 'user', name, (found) => {
    const record = existing(found, 'user', name)
    return { record: { ...record, keys: edit(record.keys) } }
  })
  return user?.name
}

function refuseUnknown(keys: readonly KeyRecord[], id: string): void {
  if (!keys.some((key) => key.id === id)) {
    const message = `The Access Key with id ${id} cannot be found.`
    throw refuse.NoSuchEntity({}, { message })
  }
}
