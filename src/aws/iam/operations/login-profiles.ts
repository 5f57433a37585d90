/** The passwords of users: CreateLoginProfile, GetLoginProfile, UpdateLoginProfile, DeleteLoginProfile, ChangePassword. */
import type {
  ChangePasswordRequest,
  CreateLoginProfileRequest,
  CreateLoginProfileResponse,
  DeleteLoginProfileRequest,
  GetLoginProfileRequest,
  GetLoginProfileResponse,
  LoginProfile,
  UpdateLoginProfileRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onUserOrSelf } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, userNameOf } from '../find.ts'
import { followsPolicy, hashPassword, isPassword } from '../passwords.ts'
import type { LoginRecord, UserRecord } from '../records.ts'

/** As many passwords as a policy can look back. */
const earlierMax = 24

export const createLoginProfile: Operation<
  Valid<CreateLoginProfileRequest>,
  CreateLoginProfileResponse,
  IamDeps
> = {
  name: 'CreateLoginProfile',
  access: onUserOrSelf('iam:CreateLoginProfile'),
  async handle(input, call, deps) {
    const { account, at } = call
    const name = userNameOf(input.UserName, call)
    const taken = (user: UserRecord) =>
      refuse.EntityAlreadyExists(
        {},
        { message: `Login Profile for user ${user.name} already exists.` },
      )
    const before = find(deps.state, account, 'user', name)
    if (before.login) throw taken(before)
    const { Password = '', PasswordResetRequired: resetRequired = false } = input
    checkPassword(deps, account, Password)
    const password = await hashPassword(Password)
    const now = secondsOf(at)
    const user = await deps.writer.change(account, 'user', name, (found) => {
      const record = existing(found, 'user', name)
      if (record.login) throw taken(record)
      return {
        record: { ...record, login: { createdAt: now, changedAt: now, password, resetRequired } },
      }
    })
    return { LoginProfile: shown(user ?? before) }
  },
}

export const getLoginProfile: Operation<
  Valid<GetLoginProfileRequest>,
  GetLoginProfileResponse,
  IamDeps
> = {
  name: 'GetLoginProfile',
  access: onUserOrSelf('iam:GetLoginProfile'),
  handle(input, call, { state }) {
    return {
      LoginProfile: shown(find(state, call.account, 'user', userNameOf(input.UserName, call))),
    }
  },
}

/** What is not given stays. */
export const updateLoginProfile: Operation<Valid<UpdateLoginProfileRequest>, void, IamDeps> = {
  name: 'UpdateLoginProfile',
  access: onUserOrSelf('iam:UpdateLoginProfile'),
  async handle(input, call, deps) {
    const name = userNameOf(input.UserName, call)
    loginOf(find(deps.state, call.account, 'user', name))
    const { Password, PasswordResetRequired } = input
    await changeLogin(deps, call.account, name, Password, secondsOf(call.at), PasswordResetRequired)
  },
}

export const deleteLoginProfile: Operation<Valid<DeleteLoginProfileRequest>, void, IamDeps> = {
  name: 'DeleteLoginProfile',
  access: onUserOrSelf('iam:DeleteLoginProfile'),
  async handle(input, call, { writer }) {
    const name = userNameOf(input.UserName, call)
    await writer.change(call.account, 'user', name, (found) => {
      const user = existing(found, 'user', name)
      loginOf(user)
      const { login: _, ...rest } = user
      return { record: rest }
    })
  },
}

/** A user's own password, who must know the one before. */
export const changePassword: Operation<Valid<ChangePasswordRequest>, void, IamDeps> = {
  name: 'ChangePassword',
  access: (_input, call, deps) => onUserOrSelf('iam:ChangePassword')({}, call, deps),
  async handle({ OldPassword, NewPassword }, call, deps) {
    const { account, caller } = call
    if (caller.kind !== 'user') throw refuse.InvalidUserType()
    const name = caller.userName
    const login = loginOf(find(deps.state, account, 'user', name))
    if (!(await isPassword(OldPassword, login.password))) {
      throw refuse.AccessDenied({ text: 'The old password was incorrect.' })
    }
    await changeLogin(deps, account, name, NewPassword, secondsOf(call.at), false)
  },
}

async function changeLogin(
  deps: IamDeps,
  account: string,
  name: string,
  text: string | undefined,
  now: number,
  reset: boolean | undefined,
): Promise<void> {
  const { login } = find(deps.state, account, 'user', name)
  if (text !== undefined) {
    checkPassword(deps, account, text)
    await checkReuse(deps, account, text, login)
  }
  const password = text === undefined ? undefined : await hashPassword(text)
  await deps.writer.change(account, 'user', name, (found) => {
    const user = existing(found, 'user', name)
    const before = loginOf(user)
    const resetRequired = reset ?? before.resetRequired
    const changed = password !== undefined && {
      password,
      changedAt: now,
      earlier: [before.password, ...(before.earlier ?? [])].slice(0, earlierMax - 1),
    }
    return { record: { ...user, login: { ...before, resetRequired, ...changed } } }
  })
}

function checkPassword({ state }: IamDeps, account: string, password: string): void {
  const { passwordPolicy, alias } = state.account(account)?.root?.record ?? {}
  if (!followsPolicy(password, passwordPolicy, alias)) throw refuse.PasswordPolicyViolation()
}

async function checkReuse(
  { state }: IamDeps,
  account: string,
  password: string,
  login: LoginRecord | undefined,
): Promise<void> {
  const policy = state.account(account)?.root?.record.passwordPolicy
  const last = login ? [login.password, ...(login.earlier ?? [])] : []
  for (const kept of last.slice(0, policy?.PasswordReusePrevention ?? 0)) {
    if (await isPassword(password, kept)) throw refuse.PasswordPolicyViolation()
  }
}

function loginOf(user: UserRecord): LoginRecord {
  if (user.login) return user.login
  const message = `Login Profile for User ${user.name} cannot be found.`
  throw refuse.NoSuchEntity({}, { message })
}

function shown(user: UserRecord): LoginProfile {
  const { createdAt, resetRequired } = loginOf(user)
  return {
    UserName: user.name,
    CreateDate: dateOf(createdAt),
    PasswordResetRequired: resetRequired,
  }
}
