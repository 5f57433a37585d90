/** What the gateway asks of IAM about keys and principals. Answers come from memory and are always current. */
import type { Caller } from './caller.ts'

/** A policy document with the name under which an explanation shows it. */
export interface NamedPolicy {
  /** `AmazonS3ReadOnlyAccess`, or the inline policy's name. */
  readonly name: string
  /** Of managed policies. */
  readonly arn?: string
  readonly document: string
}

/** The policies and tags of one principal, as they are now. */
export interface PrincipalFacts {
  readonly account: string
  /** The IAM entity's ARN: of a session its role's. */
  readonly arn: string
  readonly id: string
  readonly name: string
  readonly path: string
  readonly tags: Readonly<Record<string, string>>
  readonly identityPolicies: readonly NamedPolicy[]
  readonly permissionsBoundary?: NamedPolicy
}

export interface LongTermKey {
  readonly secretAccessKey: string
  readonly active: boolean
  readonly caller: Extract<Caller, { kind: 'user' | 'root' }>
}

/** A role as STS needs it. */
export interface RoleFacts extends PrincipalFacts {
  /** Seconds. */
  readonly maxSessionDuration: number
  /** The trust policy's text. */
  readonly trustPolicy: string
}

/** An OIDC provider as registered in an account. */
export interface OidcProviderFacts {
  readonly arn: string
  readonly account: string
  /** As registered, with scheme: `https://host[:port]/path`. */
  readonly url: string
  readonly clientIds: readonly string[]
  /** SHA-1, hex, lower case. */
  readonly thumbprints: readonly string[]
}

/** A code that a caller gives; `at`: ms since the epoch. */
export interface MfaProof {
  readonly caller: Caller
  readonly serial: string
  readonly code: string
  readonly at: number
}

/** `no-device`: the caller has no device with this serial number. */
export type MfaVerdict = 'valid' | 'wrong-code' | 'no-device'

export interface Identities {
  accessKey(accessKeyId: string): LongTermKey | undefined
  /** Undefined when the user or role is gone, or another entity bears its name now (ids differ). */
  principal(caller: Caller): PrincipalFacts | undefined
  /** Finds a role by its ARN (path included). */
  role(arn: string): RoleFacts | undefined
  managedPolicy(arn: string): NamedPolicy | undefined
  /** Finds the provider of an issuer URL in an account, also when the port was left out at registration. */
  oidcProvider(account: string, issuer: string): OidcProviderFacts | undefined
  /** The issuer's id under which STS signs tokens for the account's identities; undefined where that is not enabled. */
  outboundIssuer?(account: string): string | undefined
  /** Judges the code of the caller's MFA device; absent: nobody has one. */
  mfaCode?(proof: MfaProof): MfaVerdict
  /** As `mfaCode`; a valid code is used up by it, for all processes on the same store. */
  takeMfaCode?(proof: MfaProof): Promise<MfaVerdict>
  /** Notes that a key or role was used (for last-used answers); never throws. */
  used(what: {
    accessKeyId?: string
    roleArn?: string
    service: string
    region: string
    at: number
  }): void
}
