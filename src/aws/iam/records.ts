/** What IAM keeps of each entity, as stored. Times are seconds since the epoch, IAM's own precision. */

/** An attached managed policy. The id tells a policy from a later one of the same name. */
export interface Attachment {
  readonly arn: string
  /** Absent for AWS managed policies, which cannot be deleted. */
  readonly id?: string
}

/** Another entity of the account, by its name and the id it had then. */
export interface Reference {
  readonly name: string
  readonly id: string
}

export type Tags = Readonly<Record<string, string>>

export interface NamedRecord {
  readonly name: string
  /** Begins and ends with `/`. */
  readonly path: string
  readonly id: string
  readonly createdAt: number
}

/** What users, groups and roles have in common. */
export interface GranteeRecord extends NamedRecord {
  /** Inline policies' texts by name. */
  readonly inline: Readonly<Record<string, string>>
  readonly attached: readonly Attachment[]
}

export interface RoleRecord extends GranteeRecord {
  readonly trustPolicy: string
  /** The unique ids of the users and roles that the trust policy names, by their ARNs. */
  readonly trustIds?: Readonly<Record<string, string>>
  readonly description?: string
  /** Seconds. */
  readonly maxSessionDuration: number
  readonly boundary?: Attachment
  readonly tags?: Tags
  /** The service whose service-linked role this is. */
  readonly linkedService?: string
}

export interface KeyRecord {
  readonly id: string
  readonly secret: string
  readonly active: boolean
  readonly createdAt: number
}

export interface UserRecord extends GranteeRecord {
  readonly keys: readonly KeyRecord[]
  readonly groups: readonly Reference[]
  readonly boundary?: Attachment
  readonly tags?: Tags
  readonly login?: LoginRecord
  readonly mfa?: readonly MfaRecord[]
  readonly sshKeys?: readonly SshKeyRecord[]
  readonly certificates?: readonly CertificateRecord[]
  readonly serviceCredentials?: readonly ServiceCredentialRecord[]
}

/** A password, as passwords.ts hashes it. */
export interface LoginRecord {
  readonly createdAt: number
  readonly changedAt: number
  readonly password: string
  readonly resetRequired: boolean
  /** Newest first; as many as a password policy can look back. */
  readonly earlier?: readonly string[]
}

/** A virtual MFA device that a user has enabled. */
export interface MfaRecord {
  readonly serial: string
  readonly enabledAt: number
  /** By how many steps (of 30 s) its clock was off when it was last resynchronised. */
  readonly drift?: number
}

/** What users upload or are given, by id, and may switch off. */
interface CredentialRecord {
  readonly id: string
  readonly active: boolean
  readonly createdAt: number
}

export interface SshKeyRecord extends CredentialRecord {
  /** As it was uploaded. */
  readonly body: string
  /** MD5, `12:34:…`. */
  readonly fingerprint: string
}

/** A signing certificate; `body` is PEM. */
export interface CertificateRecord extends CredentialRecord {
  readonly body: string
}

export interface ServiceCredentialRecord extends CredentialRecord {
  /** `codecommit.amazonaws.com`. */
  readonly service: string
  /** The name to log in with: of services whose credentials are an API key, its alias. */
  readonly userName: string
  /** As passwords.ts hashes it. */
  readonly password: string
  readonly expiresAt?: number
}

export type GroupRecord = GranteeRecord

export interface PolicyVersionRecord {
  /** `v1`, `v2`, …; a number is never used again. */
  readonly id: string
  readonly document: string
  readonly createdAt: number
}

export interface PolicyRecord extends NamedRecord {
  readonly updatedAt: number
  readonly description?: string
  readonly tags?: Tags
  readonly versions: readonly PolicyVersionRecord[]
  readonly defaultVersion: string
  /** True of AWS's own policies, which are in no account. */
  readonly aws?: true
  /** The number of the next version. */
  readonly nextVersion: number
}

export interface InstanceProfileRecord extends NamedRecord {
  readonly role?: Reference
  readonly tags?: Tags
}

export interface ProviderRecord {
  /** `https://host[:port]/path`, `:443` left out. */
  readonly url: string
  readonly clientIds: readonly string[]
  readonly thumbprints: readonly string[]
  readonly createdAt: number
  readonly tags?: Tags
}

export interface ServerCertificateRecord extends NamedRecord {
  /** PEM. */
  readonly body: string
  readonly chain?: string
  /** PEM. */
  readonly privateKey: string
  readonly expiresAt: number
  readonly tags?: Tags
}

export interface SamlProviderRecord extends NamedRecord {
  readonly metadata: string
  readonly validUntil: number
  readonly encryption: 'Required' | 'Allowed'
  readonly privateKeys: readonly {
    readonly id: string
    readonly pem: string
    readonly at: number
  }[]
  readonly tags?: Tags
}

/** A virtual MFA device; who has it enabled is in his record. */
export interface MfaDeviceRecord {
  /** Its path and name, without the first slash. */
  readonly name: string
  /** Base32. */
  readonly seed: string
  readonly createdAt: number
  readonly tags?: Tags
  /** The last step (of 30 s since the epoch) whose code was used: this one and those before it are used up. */
  readonly usedStep?: number
}

/** The account's rules for passwords, as UpdateAccountPasswordPolicy sets them. */
export interface PasswordPolicyRecord {
  readonly MinimumPasswordLength: number
  readonly RequireSymbols: boolean
  readonly RequireNumbers: boolean
  readonly RequireUppercaseCharacters: boolean
  readonly RequireLowercaseCharacters: boolean
  readonly AllowUsersToChangePassword: boolean
  readonly MaxPasswordAge?: number
  readonly PasswordReusePrevention?: number
  readonly HardExpiry?: boolean
}

export interface AccountRecord {
  readonly id: string
  readonly name?: string
  readonly createdAt: number
  readonly rootKeys: readonly KeyRecord[]
  readonly alias?: string
  /** Set once outbound federation was enabled: its issuer's id stays through disabling and enabling again. */
  readonly outbound?: { readonly id: string; readonly enabled: boolean }
  /** The newest reports on services last accessed that were asked for. */
  readonly accessReports?: readonly AccessReportRecord[]
  readonly passwordPolicy?: PasswordPolicyRecord
  /** When a credential report was asked for last. */
  readonly reportedAt?: number
  /** What the global endpoint's session tokens are: 1 or 2. */
  readonly tokenVersion?: 1 | 2
}

/** A report is made when it is read; what is kept is what it is about. */
export interface AccessReportRecord {
  readonly id: string
  /** Of the user, group, role or policy. */
  readonly arn: string
  /** Unique id of whom asked for it: nobody else gets it. */
  readonly for: string
  readonly granularity: 'SERVICE_LEVEL' | 'ACTION_LEVEL'
  readonly createdAt: number
}

/** When and where a role or key was last used. */
export interface UseRecord {
  readonly at: number
  readonly service: string
  readonly region: string
  /** The last use of each service, this one's too. */
  readonly services?: Readonly<Record<string, { readonly at: number; readonly region: string }>>
}

/** The record of each kind of entity. */
export interface RecordOf {
  role: RoleRecord
  user: UserRecord
  group: GroupRecord
  policy: PolicyRecord
  'instance-profile': InstanceProfileRecord
  'oidc-provider': ProviderRecord
  'server-certificate': ServerCertificateRecord
  'saml-provider': SamlProviderRecord
  mfa: MfaDeviceRecord
}

export type EntityKind = keyof RecordOf
