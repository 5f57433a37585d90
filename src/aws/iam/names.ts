/** Where IAM's documents lie in the store, and the ARNs of its entities. */
import { type Arn, iamArn } from '../../kernel/arn.ts'
import type { EntityKind, NamedRecord } from './records.ts'

/** All of IAM. */
export const storePrefix = '/iam/'

/** The key of an entity among those of its kind: names are not told apart by case, URLs and serial numbers are. */
export function keyOf(kind: EntityKind, name: string): string {
  return kind === 'oidc-provider' || kind === 'mfa' ? encodeURIComponent(name) : name.toLowerCase()
}

export function entityKey(account: string, kind: EntityKind, name: string): string {
  return `${storePrefix}${account}/${kind}/${keyOf(kind, name)}`
}

export function accountKey(account: string): string {
  return `${storePrefix}${account}/account`
}

/** The last use of a role (by its unique id) or access key. */
export function useKey(account: string, id: string): string {
  return `${storePrefix}${account}/used/${id}`
}

/** An account alias is taken in all accounts. */
export function aliasKey(alias: string): string {
  return `/iam-alias/${alias}`
}

/** A store key taken apart: undefined where it is none of IAM's. */
export function parseKey(key: string): { account: string; kind: string; name: string } | undefined {
  const [, room, account, kind, name = ''] = key.split('/')
  return room === 'iam' && account && kind ? { account, kind, name } : undefined
}

/** `arn:aws:iam::<account>:role/path/name`, alike for users, groups, policies and instance profiles. */
export function entityArn(
  account: string,
  kind: Exclude<EntityKind, 'oidc-provider' | 'mfa'>,
  entity: Pick<NamedRecord, 'path' | 'name'>,
): string {
  return iamArn(account, `${kind}${entity.path}${entity.name}`)
}

/** Is this the ARN of that entity of its account? Asked with each request, so nothing is put together to compare. */
export function isArnOf(
  { partition, service, region, resource }: Arn,
  kind: Exclude<EntityKind, 'oidc-provider' | 'mfa'>,
  { path, name }: Pick<NamedRecord, 'path' | 'name'>,
): boolean {
  return (
    resource.length === kind.length + path.length + name.length &&
    resource.endsWith(name) &&
    resource.startsWith(path, kind.length) &&
    resource.startsWith(kind) &&
    service === 'iam' &&
    partition === 'aws' &&
    region === ''
  )
}

/** The provider's name in ARNs and condition keys: its URL without the scheme. */
export function providerName(url: string): string {
  return url.replace(/^https:\/\//, '')
}

/** The serial number of a virtual MFA device is its ARN. */
export function mfaSerial(account: string, name: string): string {
  return iamArn(account, `mfa/${name}`)
}

export function providerArn(account: string, url: string): string {
  return iamArn(account, `oidc-provider/${providerName(url)}`)
}
