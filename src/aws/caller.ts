/** Who speaks: what authentication found out, as every later step sees it. */
import type { PodSubject } from '../audit/audit-log.ts'

/** What an OIDC token said about the holder of a web-identity session. */
export interface WebIdentityFacts {
  readonly providerArn: string
  /** Issuer URL, as in `iss`. */
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  /** Condition keys that the token gave: `<issuer without scheme>:sub` and so on. */
  readonly conditionKeys: Readonly<Record<string, string | readonly string[]>>
}

/** The version of the metadata service that gave an instance's credentials out: policies ask for it as `ec2:RoleDelivery`. */
export type RoleDelivery = '1.0' | '2.0'

/** All that a session token seals. Times are ms since the epoch. */
export interface SessionFacts {
  readonly account: string
  readonly roleArn: string
  readonly roleId: string
  readonly roleName: string
  readonly sessionName: string
  readonly issuedAt: number
  readonly expiresAt: number
  readonly sessionPolicy?: string
  readonly sessionPolicyArns?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  readonly transitiveTagKeys?: readonly string[]
  readonly sourceIdentity?: string
  readonly webIdentity?: WebIdentityFacts
  /** Set when the credentials came from a node's instance metadata. */
  readonly instanceId?: string
  /** The instance's region, and whether the metadata was asked with a session token (`2.0`) or without (`1.0`). */
  readonly instanceRegion?: string
  readonly roleDelivery?: RoleDelivery
  /** The pod whose token or metadata request the session came from. */
  readonly pod?: PodSubject
  /** Id of the EKS Pod Identity association that gave the role. */
  readonly podIdentity?: string
  /** True when the role was assumed with another role's session. */
  readonly chained?: boolean
  /** When the caller gave the code of his MFA device. */
  readonly mfaAt?: number
}

/** Of temporary keys that act as a user (GetSessionToken) or as a federated user of one (GetFederationToken). */
export interface TemporaryFacts {
  /** ms since the epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly sessionPolicy?: string
  readonly sessionPolicyArns?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  /** The federated user's name; the caller's ARN is then `…:federated-user/<name>`. */
  readonly federatedName?: string
  /** When the user gave the code of his MFA device. */
  readonly mfaAt?: number
}

export type Caller =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'root'
      readonly account: string
      readonly arn: string
      readonly accessKeyId: string
      readonly temporary?: TemporaryFacts
    }
  | {
      readonly kind: 'user'
      readonly account: string
      readonly arn: string
      readonly userName: string
      readonly userId: string
      readonly accessKeyId: string
      readonly temporary?: TemporaryFacts
    }
  | {
      readonly kind: 'session'
      readonly account: string
      /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
      readonly arn: string
      /** `AROA…:<session>`. */
      readonly userId: string
      readonly accessKeyId: string
      readonly session: SessionFacts
    }

export type SignedCaller = Exclude<Caller, { kind: 'anonymous' }>

/** Temporary credentials, as STS hands them out. `expiration` is ms since the epoch. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: number
}
