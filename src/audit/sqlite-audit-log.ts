/** The audit log in SQLite: bounded, newest kept, written in groups so that recording never holds an answer up. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { AuditLog, AuditQuery, AuditRecord } from './audit-log.ts'
import { isReadOnly } from './read-only.ts'

export interface OpenAuditLogOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** How many records are kept; the oldest go first. */
  readonly limit: number
  /** Told when records could not be written; they are lost, requests are not. */
  readonly onError?: (error: unknown) => void
}

const pendingMax = 2_000
/** Deleting a few at a time costs more than letting the log run over by this share. */
const slackShare = 0.1
const findMax = 1_000

/** Opens, and makes where there is none. Disposing writes what is still pending. */
export function openAuditLog(options: OpenAuditLogOptions): AuditLog & Disposable {
  return new SqliteAuditLog(options)
}

const columns = [
  'requestId',
  'at',
  'account',
  'service',
  'operation',
  'readOnly',
  'outcome',
  'accessKeyId',
  'userName',
  'cluster',
  'namespace',
  'pod',
  'podUid',
  'resources',
  'record',
] as const

class SqliteAuditLog implements AuditLog, Disposable {
  readonly #db: DatabaseSync
  readonly #limit: number
  readonly #onError: (error: unknown) => void
  readonly #insert: StatementSync
  #pending: AuditRecord[] = []
  #flushing: NodeJS.Immediate | undefined
  #count: number
  #closed = false

  constructor({ path, limit, onError = () => {} }: OpenAuditLogOptions) {
    this.#limit = limit
    this.#onError = onError
    this.#db = new DatabaseSync(path)
    // A crash may lose the last records, never the file: an audit record is not worth a sync of the disk. No index:
    // every record would pay for what few ask. Sequences grow, since the newest record is never deleted.
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS event (
        sequence INTEGER PRIMARY KEY,
        requestId TEXT, at INTEGER, account TEXT, service TEXT, operation TEXT, readOnly INTEGER, outcome TEXT,
        accessKeyId TEXT, userName TEXT, cluster TEXT, namespace TEXT, pod TEXT, podUid TEXT, resources TEXT,
        record TEXT NOT NULL
      );
    `)
    const values = columns.map(() => '?').join(', ')
    this.#insert = this.#db.prepare(`INSERT INTO event (${columns.join(', ')}) VALUES (${values})`)
    const counted = this.#db.prepare('SELECT count(*) AS n FROM event').get()
    this.#count = Number(counted?.['n'] ?? 0)
  }

  record(record: AuditRecord): void {
    if (this.#closed) return
    this.#pending.push(record)
    if (this.#pending.length >= pendingMax) this.#flush()
    else this.#flushing ??= setImmediate(() => this.#flush())
  }

  find(query: AuditQuery): AuditRecord[] {
    this.#flush()
    const { where, values } = conditions(query)
    // A request has one record, and the newest are looked through first.
    const limit = query.requestId === undefined ? Math.min(query.limit ?? findMax, findMax) : 1
    const rows = this.#db
      .prepare(`SELECT sequence, record FROM event ${where} ORDER BY sequence DESC LIMIT ${limit}`)
      .all(...values)
    return rows.map((row) => ({
      ...(JSON.parse(String(row['record'])) as AuditRecord),
      sequence: Number(row['sequence']),
    }))
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#db.close()
  }

  #flush(): void {
    if (this.#flushing) clearImmediate(this.#flushing)
    this.#flushing = undefined
    const records = this.#pending
    if (records.length === 0 || this.#closed) return
    this.#pending = []
    try {
      this.#db.exec('BEGIN')
      for (const record of records) this.#insert.run(...row(record))
      this.#count += records.length
      if (this.#count > this.#limit * (1 + slackShare)) this.#trim()
      this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      this.#onError(error)
    }
  }

  #trim(): void {
    const kept = 'SELECT sequence FROM event ORDER BY sequence DESC LIMIT 1 OFFSET ?'
    this.#db.prepare(`DELETE FROM event WHERE sequence <= (${kept})`).run(this.#limit)
    this.#count = this.#limit
  }
}

/** The columns that queries look at, and the record whole. */
function row(record: AuditRecord): SQLInputValue[] {
  const { subject, caller } = record
  return [
    record.requestId,
    record.at,
    record.account,
    record.service,
    record.operation,
    isReadOnly(record.operation) ? 1 : 0,
    record.outcome,
    caller.accessKeyId ?? null,
    userNameOf(record) ?? null,
    subject?.cluster ?? null,
    subject?.namespace ?? null,
    subject?.pod ?? null,
    subject?.podUid ?? null,
    resourceNames(record),
    JSON.stringify(record),
  ]
}

/** CloudTrail's user name: of a user his, of a session the session's, of a web identity the token's subject. */
export function userNameOf({ userIdentity, caller }: AuditRecord): string | undefined {
  const named = userIdentity?.['userName']
  if (typeof named === 'string') return named
  return caller.type === 'root' ? 'root' : caller.arn?.split('/').at(-1)
}

/** Every ARN and its last part, one a line, so that a query finds either. */
function resourceNames({ resource, resources = [], responseElements }: AuditRecord): string {
  const arns = [...resources.map(({ arn }) => arn), ...(resource ? [resource] : [])]
  const issued = responseElements?.['credentials']
  const key = (issued as { accessKeyId?: unknown } | undefined)?.accessKeyId
  const names = arns.flatMap((arn) => [arn, arn.split(/[/:]/).at(-1) ?? arn])
  // Types stand among the names: no name looks like `AWS::IAM::Role`.
  for (const { type } of resources) names.push(type)
  return `\n${[...names, ...(typeof key === 'string' ? [key] : [])].join('\n')}\n`
}

function conditions(query: AuditQuery): { where: string; values: SQLInputValue[] } {
  const parts: string[] = []
  const values: SQLInputValue[] = []
  const add = (sql: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return
    parts.push(sql)
    values.push(value)
  }
  add('requestId = ?', query.requestId)
  add('outcome = ?', query.outcome)
  add('cluster = ?', query.cluster)
  add('namespace = ?', query.namespace)
  add('pod = ?', query.pod)
  add('podUid = ?', query.podUid)
  add('operation = ?', query.operation)
  add('accessKeyId = ?', query.accessKeyId)
  add('account = ?', query.account)
  add('service = ?', query.service)
  add('userName = ?', query.userName)
  add('readOnly = ?', query.readOnly === undefined ? undefined : query.readOnly ? 1 : 0)
  add('at >= ?', query.since)
  add('at <= ?', query.until)
  add('sequence < ?', query.beforeSequence)
  add('instr(resources, char(10) || ? || char(10)) > 0', query.resourceName)
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', values }
}
