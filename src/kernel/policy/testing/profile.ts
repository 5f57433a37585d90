/** What generated cases may hold. */

/** What a profile leaves out: the differential test generates around the known faults of its oracle. */
export interface Profile {
  /** Characters in object keys that are wildcards or line ends. */
  readonly oddKeys: boolean
  /** Versions other than 2012-10-17. */
  readonly oldVersions: boolean
  /** Values that are no number, date, address, ARN; several spellings of the same. */
  readonly oddValues: boolean
  /** Callers other than users and sessions. */
  readonly allCallers: boolean
  /** NotPrincipal, account-only trust and other principals that the oracle reads otherwise. */
  readonly allPrincipals: boolean
  /** Session policies together with a resource policy that names the session. */
  readonly sessionGrants: boolean
  /** ForAnyValue with IfExists on a missing key, variables with several values, and the like. */
  readonly cornerConditions: boolean
}

export const everything: Profile = {
  oddKeys: true,
  oldVersions: true,
  oddValues: true,
  allCallers: true,
  allPrincipals: true,
  sessionGrants: true,
  cornerConditions: true,
}
