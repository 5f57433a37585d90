/** The PostgreSQL behind a login proxy: where it is reached, and which of its roles log in by token. */
import type { Duplex } from 'node:stream'

/** What one side of a session may have waiting for the other: a fifth less of our time than Node's 64 KiB. */
export const pipeBuffers = { highWaterMark: 256 * 1024 }

/** How a role logs in, as it is now. */
export interface LoginWay {
  /** True of members of `rds_iam`: by token only. False of all others, and of names that no role has. */
  readonly usesTokens: boolean
  /** The password with which the proxy opens a session of a role that uses tokens. */
  readonly secret: string
}

export interface Backend {
  /** The newest minor protocol version that it speaks: 0, or 2 from PostgreSQL 18 on. */
  readonly newestMinor: number
  /**
   * True where the client's own SCRAM exchange can be passed on. Not over TLS: the channel would be another than the
   * client sees, so the password has to be asked for in clear (inside the client's TLS).
   */
  readonly relaysPasswords: boolean
  /** A new connection, on which nothing has been said yet. */
  connect(): Promise<Duplex>
  /** Looks up a role and makes sure that it can be logged in to in that way. */
  prepare(user: string): Promise<LoginWay>
}

/** A login by token, as whoever judges it sees it. */
export interface TokenLogin {
  readonly token: string
  readonly user: string
  readonly sourceIp: string
  /** `application_name`, where the client gave one. */
  readonly application: string
}

/** The answer; a refusal's reason is in the audit log, under its request id. */
export interface TokenVerdict {
  readonly allowed: boolean
  readonly requestId: string
}
