/** Service-specific credentials: a user's passwords for CodeCommit and Keyspaces, his API keys for others. */
import { randomBytes } from 'node:crypto'
import type {
  CreateServiceSpecificCredentialRequest,
  CreateServiceSpecificCredentialResponse,
  DeleteServiceSpecificCredentialRequest,
  ListServiceSpecificCredentialsRequest,
  ListServiceSpecificCredentialsResponse,
  ResetServiceSpecificCredentialRequest,
  ResetServiceSpecificCredentialResponse,
  ServiceSpecificCredential,
  ServiceSpecificCredentialMetadata,
  UpdateServiceSpecificCredentialRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount, onEntity, onUserOrSelf } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, userNameOf } from '../find.ts'
import { newId } from '../ids.ts'
import { pageOfList } from '../paging.ts'
import { hashPassword, newServicePassword } from '../passwords.ts'
import type { ServiceCredentialRecord, UserRecord } from '../records.ts'

/** The services, and whether their credential is an API key. */
const services: Readonly<Record<string, 'password' | 'api-key'>> = {
  'bedrock.amazonaws.com': 'api-key',
  'cassandra.amazonaws.com': 'password',
  'codecommit.amazonaws.com': 'password',
  'logs.amazonaws.com': 'api-key',
}

const daySeconds = 24 * 3600

/** The secret is in this answer only. */
export const createServiceSpecificCredential: Operation<
  Valid<CreateServiceSpecificCredentialRequest>,
  CreateServiceSpecificCredentialResponse,
  IamDeps
> = {
  name: 'CreateServiceSpecificCredential',
  access: onEntity('iam:CreateServiceSpecificCredential', 'user'),
  async handle({ UserName: name, ServiceName: service, CredentialAgeDays }, call, deps) {
    const { account } = call
    const user = find(deps.state, account, 'user', name)
    const kind = Object.hasOwn(services, service) ? services[service] : undefined
    if (!kind) throw refuse.NotSupportedService({ service })
    if (CredentialAgeDays !== undefined && kind === 'password') {
      const text = 'CredentialAgeDays is only supported for API keys.'
      throw refuse.InvalidInput({ text })
    }
    const secret = newSecret(kind)
    const now = secondsOf(call.at)
    const kept = {
      id: newId('service-credential', account),
      service,
      password: await hashPassword(secret),
      active: true,
      createdAt: now,
      ...(CredentialAgeDays && { expiresAt: now + CredentialAgeDays * daySeconds }),
    }
    const limit = deps.quotas.serviceCredentialsPerUser
    const changed = await deps.writer.change(account, 'user', name, (found) => {
      const record = existing(found, 'user', name)
      const all = record.serviceCredentials ?? []
      const same = all.filter((each) => each.service === service)
      if (same.length >= limit) {
        throw refuse.LimitExceeded({ quota: 'ServiceSpecificCredentialsPerUser', limit })
      }
      const userName = loginName(record.name, account, same)
      return { record: { ...record, serviceCredentials: [...all, { ...kept, userName }] } }
    })
    const credential = changed?.serviceCredentials?.find(({ id }) => id === kept.id)
    if (!credential) throw missing(kept.id)
    return { ServiceSpecificCredential: withSecret(user.name, credential, secret) }
  },
}

export const listServiceSpecificCredentials: Operation<
  Valid<ListServiceSpecificCredentialsRequest>,
  ListServiceSpecificCredentialsResponse,
  IamDeps
> = {
  name: 'ListServiceSpecificCredentials',
  access: (input, call, deps) => {
    const action = 'iam:ListServiceSpecificCredentials'
    return input.AllUsers ? onAccount(action)() : onUserOrSelf(action)(input, call, deps)
  },
  handle(input, call, { state }) {
    const { account } = call
    const users = input.AllUsers
      ? [...(state.account(account)?.entities.user.records() ?? [])]
      : [find(state, account, 'user', userNameOf(input.UserName, call))]
    const all = users.flatMap((user) =>
      (user.serviceCredentials ?? []).map((credential) => ({ user, credential })),
    )
    const wanted = all.filter(
      ({ credential }) => (input.ServiceName ?? credential.service) === credential.service,
    )
    const { items, page } = pageOfList(wanted, ({ credential }) => credential.id, input)
    return {
      ServiceSpecificCredentials: items.map(({ user, credential }) => shown(user.name, credential)),
      ...page,
    }
  },
}

export const updateServiceSpecificCredential: Operation<
  Valid<UpdateServiceSpecificCredentialRequest>,
  void,
  IamDeps
> = {
  name: 'UpdateServiceSpecificCredential',
  access: onUserOrSelf('iam:UpdateServiceSpecificCredential'),
  async handle(input, call, deps) {
    const active = input.Status === 'Active'
    await change(deps, call, input, (credential) => [{ ...credential, active }])
  },
}

/** A new secret in place of the old one, which ends. */
export const resetServiceSpecificCredential: Operation<
  Valid<ResetServiceSpecificCredentialRequest>,
  ResetServiceSpecificCredentialResponse,
  IamDeps
> = {
  name: 'ResetServiceSpecificCredential',
  access: onUserOrSelf('iam:ResetServiceSpecificCredential'),
  async handle(input, call, deps) {
    const user = find(deps.state, call.account, 'user', userNameOf(input.UserName, call))
    const secret = newSecret(services[credentialOf(user, input).service])
    const password = await hashPassword(secret)
    const changed = await change(deps, call, input, (each) => [{ ...each, password }])
    return {
      ServiceSpecificCredential: withSecret(user.name, credentialOf(changed, input), secret),
    }
  },
}

export const deleteServiceSpecificCredential: Operation<
  Valid<DeleteServiceSpecificCredentialRequest>,
  void,
  IamDeps
> = {
  name: 'DeleteServiceSpecificCredential',
  access: onUserOrSelf('iam:DeleteServiceSpecificCredential'),
  async handle(input, call, deps) {
    await change(deps, call, input, () => [])
  },
}

interface OneCredential {
  readonly UserName?: string
  readonly ServiceSpecificCredentialId: string
}

async function change(
  { writer }: IamDeps,
  call: Parameters<typeof userNameOf>[1],
  input: OneCredential,
  edit: (credential: ServiceCredentialRecord) => readonly ServiceCredentialRecord[],
): Promise<UserRecord> {
  const name = userNameOf(input.UserName, call)
  const changed = await writer.change(call.account, 'user', name, (found) => {
    const user = existing(found, 'user', name)
    const { id } = credentialOf(user, input)
    const serviceCredentials = user.serviceCredentials?.flatMap((each) =>
      each.id === id ? edit(each) : [each],
    )
    return { record: { ...user, ...(serviceCredentials && { serviceCredentials }) } }
  })
  return existing(changed, 'user', name)
}

function credentialOf(user: UserRecord, input: OneCredential): ServiceCredentialRecord {
  const { ServiceSpecificCredentialId: id } = input
  const credential = user.serviceCredentials?.find((each) => each.id === id)
  if (!credential) throw missing(id)
  return credential
}

function missing(id: string) {
  const message = `No such credential ${id} exists`
  return refuse.NoSuchEntity({}, { message })
}

/** `name-at-account`, `name+1-at-account`. */
function loginName(
  name: string,
  account: string,
  others: readonly ServiceCredentialRecord[],
): string {
  const taken = new Set(others.map(({ userName }) => userName))
  for (let number = 0; ; number += 1) {
    const login = `${name}${number === 0 ? '' : `+${number}`}-at-${account}`
    if (!taken.has(login)) return login
  }
}

function newSecret(kind: 'password' | 'api-key' | undefined): string {
  return kind === 'api-key' ? `ABSK${randomBytes(96).toString('base64')}` : newServicePassword()
}

function withSecret(
  user: string,
  credential: ServiceCredentialRecord,
  secret: string,
): ServiceSpecificCredential {
  const apiKey = services[credential.service] === 'api-key'
  return {
    ...shown(user, credential),
    ...(apiKey ? { ServiceCredentialSecret: secret } : { ServicePassword: secret }),
  }
}

function shown(
  user: string,
  credential: ServiceCredentialRecord,
): ServiceSpecificCredentialMetadata {
  const apiKey = services[credential.service] === 'api-key'
  return {
    UserName: user,
    Status: credential.active ? 'Active' : 'Inactive',
    CreateDate: dateOf(credential.createdAt),
    ServiceSpecificCredentialId: credential.id,
    ServiceName: credential.service,
    ...(apiKey
      ? { ServiceCredentialAlias: credential.userName }
      : { ServiceUserName: credential.userName }),
    ...(credential.expiresAt !== undefined && { ExpirationDate: dateOf(credential.expiresAt) }),
  }
}
