/** The account's rules for passwords: UpdateAccountPasswordPolicy, GetAccountPasswordPolicy, DeleteAccountPasswordPolicy. */
import type {
  GetAccountPasswordPolicyResponse,
  UpdateAccountPasswordPolicyRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import type { PasswordPolicyRecord } from '../records.ts'

/** Replaces the whole policy: what is not given takes its default. */
export const updateAccountPasswordPolicy: Operation<
  Valid<UpdateAccountPasswordPolicyRequest>,
  void,
  IamDeps
> = {
  name: 'UpdateAccountPasswordPolicy',
  access: onAccount('iam:UpdateAccountPasswordPolicy'),
  async handle(input, { account }, { writer }) {
    const passwordPolicy: PasswordPolicyRecord = {
      MinimumPasswordLength: input.MinimumPasswordLength ?? 6,
      RequireSymbols: input.RequireSymbols ?? false,
      RequireNumbers: input.RequireNumbers ?? false,
      RequireUppercaseCharacters: input.RequireUppercaseCharacters ?? false,
      RequireLowercaseCharacters: input.RequireLowercaseCharacters ?? false,
      AllowUsersToChangePassword: input.AllowUsersToChangePassword ?? false,
      ...(input.MaxPasswordAge && { MaxPasswordAge: input.MaxPasswordAge }),
      ...(input.PasswordReusePrevention && {
        PasswordReusePrevention: input.PasswordReusePrevention,
      }),
      ...(input.HardExpiry !== undefined && { HardExpiry: input.HardExpiry }),
    }
    await writer.changeAccount(account, (record) =>
      record ? { record: { ...record, passwordPolicy } } : 'keep',
    )
  },
}

export const getAccountPasswordPolicy: Operation<
  object,
  GetAccountPasswordPolicyResponse,
  IamDeps
> = {
  name: 'GetAccountPasswordPolicy',
  access: onAccount('iam:GetAccountPasswordPolicy'),
  handle(_input, { account }, { state }) {
    const policy = state.account(account)?.root?.record.passwordPolicy
    if (!policy) {
      const message = `The Password Policy with domain name ${account} cannot be found.`
      throw refuse.NoSuchEntity({}, { message })
    }
    return { PasswordPolicy: { ...policy, ExpirePasswords: policy.MaxPasswordAge !== undefined } }
  },
}

export const deleteAccountPasswordPolicy: Operation<object, void, IamDeps> = {
  name: 'DeleteAccountPasswordPolicy',
  access: onAccount('iam:DeleteAccountPasswordPolicy'),
  async handle(_input, { account }, { writer }) {
    await writer.changeAccount(account, (record) => {
      if (!record?.passwordPolicy) {
        const message = 'The account policy with name PasswordPolicy cannot be found.'
        throw refuse.NoSuchEntity({}, { message })
      }
      const { passwordPolicy: _, ...rest } = record
      return { record: rest }
    })
  },
}
