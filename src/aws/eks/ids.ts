/** Identifiers that EKS makes up. */
import { randomBytes, randomUUID } from 'node:crypto'

/** The last segment of an issuer URL: 32 upper-case hex digits. */
export function issuerId(): string {
  return randomBytes(16).toString('hex').toUpperCase()
}

/** `vpc-0a1b…`, `sg-0a1b…`: a prefix and 17 hex digits. */
export function resourceId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`
}

export function uuid(): string {
  return randomUUID()
}
