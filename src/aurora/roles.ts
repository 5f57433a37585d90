/** Aurora's roles in a PostgreSQL: those it has from birth, and how members of `rds_iam` are let in. */
import { createHmac } from 'node:crypto'
import { type Administrator, identifier, literal } from './administrator.ts'
import type { LoginWay } from './backend.ts'
import { scramVerifier } from './scram.ts'

/** Aurora's own superuser, which nobody else uses, and the database where it keeps its things. */
export const reservedUser = 'rdsadmin'

const iterations = 1

/** The password of a role that logs in by token: known to the proxy alone, the same after a restart. */
export function secretOf(key: Buffer, user: string): string {
  return createHmac('sha256', key).update(`login ${user}`).digest('base64url')
}

/** The user that a cluster is made with. */
export interface MasterUser {
  readonly user: string
  readonly passwordVerifier: string
  /** Made beside `postgres`, and owned by the user too. */
  readonly database?: string
}

/**
 * Makes what a fresh Aurora has: roles, the master user and its databases. Idempotent; what was broken off goes on, what
 * was finished is left alone. `administrator` is connected to the database `rdsadmin`.
 */
export async function furnish(
  administrator: Administrator,
  master: MasterUser,
  major: number,
): Promise<void> {
  const [finished] = await administrator.query<{ done: boolean }>(
    `SELECT to_regclass('saved_password') IS NOT NULL AS done`,
  )
  if (finished?.done) return
  await administrator.query(`REVOKE ALL ON DATABASE ${reservedUser} FROM PUBLIC`)
  await makeRoles(administrator, master, major)
  const monitoring = ['pg_monitor', 'pg_signal_backend', ...(major >= 15 ? ['pg_checkpoint'] : [])]
  await administrator.query(`GRANT ${monitoring.join(', ')} TO rds_superuser WITH ADMIN OPTION`)
  await administrator.query(`ALTER DATABASE postgres OWNER TO ${identifier(master.user)}`)
  // Passwords that members of rds_iam had before. Made last: it says that all the rest is there.
  await administrator.query('CREATE TABLE saved_password (role oid PRIMARY KEY, verifier text)')
}

/** The roles and databases that are missing. `major` is PostgreSQL's major version. */
export async function makeRoles(
  administrator: Administrator,
  master: MasterUser,
  major: number,
): Promise<void> {
  const user = identifier(master.user)
  const known = await administrator.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles UNION ALL SELECT 'database ' || datname FROM pg_database`,
  )
  const has = new Set(known.map(({ name }) => name))
  const statements: string[] = []
  for (const role of ['rds_iam', 'rds_superuser', 'rds_password', 'rds_replication']) {
    if (!has.has(role)) statements.push(`CREATE ROLE ${role} NOLOGIN`)
  }
  if (!has.has(master.user)) {
    const verifier = literal(master.passwordVerifier)
    statements.push(
      `CREATE ROLE ${user} LOGIN CREATEROLE CREATEDB PASSWORD ${verifier} VALID UNTIL 'infinity'`,
    )
  }
  statements.push(`GRANT rds_superuser TO ${user} WITH ADMIN OPTION`)
  if (major >= 16) {
    // From 16 on only who has ADMIN may grant a role; this gives the right without the membership.
    const administers = 'WITH ADMIN TRUE, INHERIT FALSE, SET FALSE'
    statements.push(`GRANT rds_iam TO rds_superuser ${administers}`)
  }
  for (const statement of statements) await administrator.query(statement)
  const { database } = master
  if (database === undefined || has.has(`database ${database}`)) return
  const [self] = await administrator.query<{ rolsuper: boolean }>(
    'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
  )
  // Who is no superuser gives databases only to roles that he is a member of.
  if (!self?.rolsuper) await administrator.query(`GRANT ${user} TO CURRENT_USER`)
  await administrator.query(`CREATE DATABASE ${identifier(database)} OWNER ${user}`)
  if (!self?.rolsuper) await administrator.query(`REVOKE ${user} FROM CURRENT_USER`)
}

/**
 * Members by inheritance or SET ROLE, through any number of roles. From PostgreSQL 16 on a membership may be the right to
 * grant alone, as whoever creates a role has it: that is none. Old servers do not have those columns.
 */
function membershipQuery(major: number, readsPasswords: boolean): string {
  const isMember = major >= 16 ? 'WHERE m.inherit_option OR m.set_option' : ''
  const current = readsPasswords
    ? '(SELECT rolpassword FROM pg_authid a WHERE a.oid = u.oid)'
    : 'NULL'
  return `WITH RECURSIVE up (oid) AS (
    SELECT oid FROM pg_roles WHERE rolname = $1
    UNION SELECT m.roleid FROM up JOIN pg_auth_members m ON m.member = up.oid ${isMember}
  ) SELECT u.oid, ${current} AS verifier, EXISTS (
    SELECT FROM up JOIN pg_roles r ON r.oid = up.oid WHERE r.rolname = 'rds_iam'
  ) AS member FROM pg_roles u WHERE u.rolname = $1`
}

interface RoleRow {
  readonly oid: number
  readonly member: boolean
  readonly verifier: string | null
}

/** Tells how a role logs in, and keeps its password in step with that. */
export class RoleLogins {
  readonly #administrator: Administrator
  readonly #key: Buffer
  readonly #query: string
  readonly #readsPasswords: boolean
  readonly #verifiers = new Map<string, string>()
  #settling: Promise<void> = Promise.resolve()

  /** `readsPasswords`: false where the administrator may not read pg_authid (a database server of others). */
  constructor(options: {
    administrator: Administrator
    key: Buffer
    major: number
    readsPasswords: boolean
  }) {
    this.#administrator = options.administrator
    this.#key = options.key
    this.#readsPasswords = options.readsPasswords
    this.#query = membershipQuery(options.major, options.readsPasswords)
  }

  async prepare(user: string): Promise<LoginWay> {
    const secret = secretOf(this.#key, user)
    const [role] = await this.#administrator.query<RoleRow>(this.#query, [user], 'role')
    if (!role) return { usesTokens: false, secret }
    const ours = await this.#verifier(user, secret)
    const inStep = this.#readsPasswords
      ? role.member === (role.verifier === ours)
      : !role.member || this.#verifiers.has(user)
    if (inStep) {
      if (role.member) this.#remember(user, ours)
      return { usesTokens: role.member, secret }
    }
    // One after the other: who comes second finds it done.
    const settled = this.#settling.then(() => this.#settle(user, ours))
    this.#settling = settled.then(
      () => {},
      () => {},
    )
    return { usesTokens: await settled, secret }
  }

  /** Takes a new member's password away, or gives a former member's back. Answers whether it is a member. */
  async #settle(user: string, ours: string): Promise<boolean> {
    const [role] = await this.#administrator.query<RoleRow>(this.#query, [user], 'role')
    if (!role) return false
    const isOurs = this.#readsPasswords ? role.verifier === ours : this.#verifiers.has(user)
    if (role.member && !isOurs) {
      if (this.#readsPasswords) {
        await this.#administrator.query(
          'INSERT INTO saved_password VALUES ($1, $2) ON CONFLICT (role) DO UPDATE SET verifier = $2',
          [role.oid, role.verifier],
        )
      }
      await this.#setPassword(user, ours)
    } else if (!role.member && isOurs && this.#readsPasswords) {
      await this.#giveBack(user, role.oid)
    }
    if (role.member) this.#remember(user, ours)
    return role.member
  }

  async #giveBack(user: string, oid: number): Promise<void> {
    const [saved] = await this.#administrator.query<{ verifier: string | null }>(
      'SELECT verifier FROM saved_password WHERE role = $1',
      [oid],
    )
    await this.#setPassword(user, saved?.verifier ?? null)
    await this.#administrator.query('DELETE FROM saved_password WHERE role = $1', [oid])
    this.#verifiers.delete(user)
  }

  async #setPassword(user: string, verifier: string | null): Promise<void> {
    const password = verifier === null ? 'NULL' : literal(verifier)
    await this.#administrator.query(`ALTER ROLE ${identifier(user)} PASSWORD ${password}`)
  }

  async #verifier(user: string, secret: string): Promise<string> {
    const known = this.#verifiers.get(user)
    if (known !== undefined) return known
    // The salt is no secret, and the same each time, so that the verifier can be recognised.
    const salt = createHmac('sha256', this.#key).update(`salt ${user}`).digest().subarray(0, 16)
    return scramVerifier(secret, { salt, iterations })
  }

  #remember(user: string, verifier: string): void {
    if (this.#verifiers.size >= rememberedMax) this.#verifiers.clear()
    this.#verifiers.set(user, verifier)
  }
}

const rememberedMax = 10_000
