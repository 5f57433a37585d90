/** Identifiers that EKS makes up. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'

/** The last segment of an issuer URL: 32 upper-case hex digits. */
export function issuerId(): string {
  return randomBytes(16).toString('hex').toUpperCase()
}

/** `vpc-0a1b…`, `sg-0a1b…`: a prefix and 17 hex digits. */
export function resourceId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`
}

/** `a-` and 17 letters or digits: a Pod Identity association. */
export function associationId(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return `a-${Array.from({ length: 17 }, () => letters[randomInt(letters.length)]).join('')}`
}

export function uuid(): string {
  return randomUUID()
}
