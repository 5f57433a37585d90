/** What IAM's operations work with, and the entities they work on. */
import type { ValidatePolicy } from '../../kernel/policy/decision.ts'
import type { PolicySource } from './lookup.ts'
import type { Quotas } from './quotas.ts'
import type { EntityKind } from './records.ts'
import type { Writer } from './writer.ts'

export interface IamDeps extends PolicySource {
  readonly writer: Writer
  readonly quotas: Quotas
  readonly validatePolicy: ValidatePolicy
  /** SHA-1 (hex, lower case) of the last certificate that the server of an issuer shows; throws where there is none. */
  readonly fetchThumbprint: (url: string) => Promise<string>
  /** The URL of the issuer of outbound federation with this id; undefined where none is served. */
  readonly outboundIssuerUrl: ((id: string) => string) | undefined
}

/** An input as it is once it is parsed and the model's required members are checked: nothing is undefined. */
export type Valid<Input> = { [Name in keyof Input]: Exclude<Input[Name], undefined> }

/** Entities that operations find by a name. */
export type NamedKind = Exclude<EntityKind, 'oidc-provider' | 'policy' | 'saml-provider' | 'mfa'>

/** Those that policies are attached to. */
export type GranteeKind = 'role' | 'user' | 'group'

/** Inputs of operations that are alike for several kinds of entities. */
export interface NamedInput {
  readonly RoleName?: string
  readonly UserName?: string
  readonly GroupName?: string
  readonly InstanceProfileName?: string
  readonly ServerCertificateName?: string
}

const members = {
  role: 'RoleName',
  user: 'UserName',
  group: 'GroupName',
  'instance-profile': 'InstanceProfileName',
  'server-certificate': 'ServerCertificateName',
} as const satisfies Record<NamedKind, keyof NamedInput>

/** The entity's name in the input; the model requires it. */
export function nameIn(kind: NamedKind, input: NamedInput): string {
  return input[members[kind]] ?? ''
}

/** Seconds of the request's arrival, as records keep time. */
export function secondsOf(at: number): number {
  return Math.floor(at / 1000)
}

export function dateOf(seconds: number): Date {
  return new Date(seconds * 1000)
}
