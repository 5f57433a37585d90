/** Finds what a request names, or refuses it in AWS's words. */
import { parseArn } from '../../kernel/arn.ts'
import type { Call } from '../operation.ts'
import type { NamedKind } from './deps.ts'
import { refuse } from './errors.ts'
import { findPolicy, findProvider, type PolicySource } from './lookup.ts'
import { isAwsManaged } from './managed-policies.ts'
import { entityArn, mfaSerial, providerName } from './names.ts'
import type {
  MfaDeviceRecord,
  PolicyRecord,
  ProviderRecord,
  RecordOf,
  SamlProviderRecord,
} from './records.ts'
import type { IamState } from './state.ts'

/** Refuses what is not there. `kind` as in the store. */
export function existing<K extends NamedKind>(
  record: RecordOf[K] | undefined,
  kind: K,
  name: string,
): RecordOf[K] {
  if (record) return record
  if (kind === 'instance-profile') {
    throw refuse.NoSuchEntity({}, { message: `Instance Profile ${name} cannot be found.` })
  }
  if (kind === 'server-certificate') throw refuse.NoSuchEntity({ kind: 'Server Certificate', name })
  throw refuse.NoSuchEntity({ kind, name })
}

export function find<K extends NamedKind>(
  state: IamState,
  account: string,
  kind: K,
  name: string,
): RecordOf[K] {
  return existing<K>(state.entry(account, kind, name)?.record, kind, name)
}

/** A managed policy that the account sees: its own or AWS's. `text` is said where there is none. */
export function findManaged(
  source: PolicySource,
  account: string,
  arn: string,
  text = `Policy ${arn} was not found.`,
): PolicyRecord {
  const parsed = parseArn(arn)
  if (!parsed) throw refuse.ValidationError({ text: `ARN ${arn} is not valid.` })
  if (parsed.service !== 'iam' || !/^policy\/./.test(parsed.resource)) {
    throw refuse.InvalidInput({ text: `ARN ${arn} is not valid.` })
  }
  const seen = parsed.account === account || isAwsManaged(arn)
  const policy = seen ? findPolicy(source, arn) : undefined
  if (!policy) throw refuse.NoSuchEntity({}, { message: text })
  return policy
}

/** The name of a policy of the account itself; AWS's own cannot be changed. */
export function ownPolicyName(
  source: PolicySource,
  account: string,
  arn: string,
  text?: string,
): string {
  if (isAwsManaged(arn)) {
    throw refuse.AccessDenied({ text: `Policy ${arn} is outside your own account.` })
  }
  return findManaged(source, account, arn, text).name
}

/** An OIDC provider by its ARN, also where its port is left out (as eksctl leaves it out). */
export function findProviderByArn(
  state: IamState,
  account: string,
  arn: string,
  message = `OpenIDConnect Provider not found for arn ${arn}`,
): ProviderRecord {
  const parsed = parseArn(arn)
  if (parsed?.service !== 'iam' || !/^oidc-provider\/./.test(parsed.resource)) {
    throw refuse.InvalidInput({ text: `Invalid ARN: ${arn}` })
  }
  const record = findProvider(state, account, arn)
  if (!record) throw refuse.NoSuchEntity({}, { message })
  return record
}

/** A SAML provider by its ARN. */
export function findSamlProvider(
  state: IamState,
  account: string,
  arn: string,
): SamlProviderRecord {
  const parsed = parseArn(arn)
  const name = /^saml-provider\/([^/]+)$/.exec(parsed?.resource ?? '')?.[1]
  if (parsed?.service !== 'iam' || name === undefined) {
    throw refuse.InvalidInput({ text: `Invalid ARN: ${arn}` })
  }
  const record = state.entry(account, 'saml-provider', name)?.record
  if (!record || entityArn(account, 'saml-provider', record) !== arn) {
    throw refuse.NoSuchEntity({}, { message: `Manifest not found for arn ${arn}` })
  }
  return record
}

/** A virtual MFA device by its serial number. */
export function findMfaDevice(state: IamState, account: string, serial: string): MfaDeviceRecord {
  const record = mfaDevice(state, account, serial)
  if (!record) throw noMfaDevice(serial)
  return record
}

export function mfaDevice(
  state: IamState,
  account: string,
  serial: string,
): MfaDeviceRecord | undefined {
  const start = mfaSerial(account, '')
  if (!serial.startsWith(start)) return undefined
  return state.entry(account, 'mfa', serial.slice(start.length))?.record
}

export function noMfaDevice(serial: string) {
  const message = `MFA Device with serial number ${serial} does not exist.`
  return refuse.NoSuchEntity({}, { message })
}

/** The key of a provider in the state and the store. */
export function providerKey(record: ProviderRecord): string {
  return providerName(record.url)
}

/**
 * The user that a request is about: the one it names, else the caller himself. Undefined: the root user. Sessions have
 * no user of their own.
 */
export function userOrSelf(name: string | undefined, call: Call): string | undefined {
  if (name !== undefined) return name
  if (call.caller.kind === 'user') return call.caller.userName
  if (call.caller.kind === 'root') return undefined
  throw notAUser()
}

/** The same where it must be a user: what root has of this kind is not kept here. */
export function userNameOf(name: string | undefined, call: Call): string {
  const user = userOrSelf(name, call)
  if (user === undefined) throw notAUser()
  return user
}

function notAUser() {
  return refuse.ValidationError({
    text: 'Must specify userName when calling with non-User credentials',
  })
}
