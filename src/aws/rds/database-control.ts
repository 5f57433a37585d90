/** What RDS asks of whoever runs databases: the one port between the RDS API and PostgreSQL itself. */

/** A DB cluster as it is to run. */
export interface DatabaseSpec {
  /** `arn:aws:rds:<region>:<account>:cluster:<identifier>`. */
  readonly arn: string
  readonly identifier: string
  /** `cluster-` and 26 upper-case letters and digits: names the cluster in `rds-db:connect`. */
  readonly resourceId: string
  readonly account: string
  readonly region: string
  /** The mark in its endpoints' names, twelve letters and digits. */
  readonly endpointMark: string
  /** Port wanted; where another program has it by now, any free one. */
  readonly port: number
  readonly masterUsername: string
  /** SCRAM verifier; the password itself is not kept. */
  readonly masterPasswordVerifier: string
  /** Made with the cluster; default none beside `postgres`. */
  readonly databaseName?: string
  /** IAMDatabaseAuthenticationEnabled. */
  readonly iamEnabled: boolean
}

/** Where a running cluster is to be found. Names resolve on this machine. */
export interface DatabaseAddresses {
  readonly endpoint: string
  readonly readerEndpoint: string
  readonly port: number
}

/** Runs DB clusters. Every call is idempotent, since RDS repeats them after a restart. */
export interface DatabaseControl {
  /** The PostgreSQL that would run, `18.4`. Rejects with a text that says how to get one where there is none. */
  engineVersion(): Promise<string>
  /** What is kept of a password: a SCRAM verifier. */
  passwordVerifier(password: string): Promise<string>
  /** A port to have: the one wanted, else the usual or any free one. Undefined: the wanted one is taken. */
  freePort(wanted?: number): Promise<number | undefined>
  /** Resolves when logins are answered; for one that runs already, at once. */
  start(database: DatabaseSpec): Promise<DatabaseAddresses>
  /** Takes over what may change while it runs: `iamEnabled` and the master user's password. */
  change(database: DatabaseSpec): Promise<void>
  /** Stops the cluster and keeps its data. An unknown one is no error. */
  stop(arn: string): Promise<void>
  /** Stops the cluster and forgets its data. An unknown one is no error. */
  remove(arn: string): Promise<void>
}
