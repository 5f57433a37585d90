/** Passwords: what they must be like, and the form in which they are kept. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { PasswordPolicyRecord } from './records.ts'

const derive = promisify(scrypt) as (
  password: string,
  salt: Uint8Array,
  length: number,
) => Promise<Buffer>

/** `scrypt:<salt>:<hash>`, base64, with Node's parameters (N 16384, r 8, p 1). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, 32)
  return `scrypt:${salt.toString('base64')}:${hash.toString('base64')}`
}

export async function isPassword(password: string, kept: string): Promise<boolean> {
  const [, salt = '', hash = ''] = kept.split(':')
  const expected = Buffer.from(hash, 'base64')
  const derived = await derive(password, Buffer.from(salt, 'base64'), expected.length)
  return timingSafeEqual(derived, expected)
}

const classes: readonly (readonly [keyof PasswordPolicyRecord, RegExp])[] = [
  ['RequireSymbols', /[!@#$%^&*()_+\-=[\]{}|']/],
  ['RequireNumbers', /[0-9]/],
  ['RequireUppercaseCharacters', /[A-Z]/],
  ['RequireLowercaseCharacters', /[a-z]/],
]

/**
 * Does a password follow the account's policy? Where it has none, AWS's default: 8 characters of three kinds, not the
 * account's alias.
 */
export function followsPolicy(
  password: string,
  policy: PasswordPolicyRecord | undefined,
  alias: string | undefined,
): boolean {
  if (!policy) {
    const kinds = classes.filter(([, kind]) => kind.test(password)).length
    return password.length >= 8 && kinds >= 3 && password !== alias
  }
  if (password.length < policy.MinimumPasswordLength) return false
  return classes.every(([rule, kind]) => !policy[rule] || kind.test(password))
}

/** A new password for a service: 44 characters. */
export function newServicePassword(): string {
  return randomBytes(32).toString('base64')
}
