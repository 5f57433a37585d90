/** The tables of the PostgreSQL store and every statement on them. One row, `podpass_meta`, is the lock that orders writes. */
import type { Client } from 'pg'
import type { Document, Version } from './mirror.ts'

/** The channel on which a write's revision is told. */
export const channel = 'podpass'

const format = 1
/** Any number: replicas that start together make the tables one after another. */
const creationLock = 7_070_115
const pageSize = 5_000

const tables = `
  CREATE TABLE IF NOT EXISTS podpass_meta (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format integer NOT NULL, revision bigint NOT NULL, compacted bigint NOT NULL
  );
  CREATE TABLE IF NOT EXISTS podpass_document (
    key text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL, create_revision bigint NOT NULL, value text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS podpass_version (
    revision bigint NOT NULL, key text COLLATE "C" NOT NULL, kind text NOT NULL, create_revision bigint NOT NULL,
    previous_revision bigint NOT NULL, at bigint NOT NULL, batch uuid NOT NULL, value text NOT NULL, previous text,
    PRIMARY KEY (revision, key)
  );
  INSERT INTO podpass_meta (format, revision, compacted) VALUES (${format}, 0, 0)
    ON CONFLICT DO NOTHING;
`

export interface Meta {
  readonly revision: number
  /** Versions up to this revision are gone. */
  readonly compacted: number
}

/** Something in the database that waiting does not mend; the message says what. */
export class UnfitDatabase extends Error {}

/** Makes the tables where they are missing. Throws UnfitDatabase where they, or the database, cannot be used. */
export async function prepareTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string; standby: boolean; there: boolean }>(
    `SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby,
       to_regclass('podpass_meta') IS NOT NULL AS there`,
  )
  const found = rows[0]
  if (found?.encoding !== 'UTF8') {
    throw new UnfitDatabase(`its encoding is ${found?.encoding}, but UTF8 is needed`)
  }
  if (!found.there) {
    if (found.standby) throw new UnfitDatabase('it is a read-only standby')
    const lock = `SELECT pg_advisory_xact_lock(${creationLock})`
    await client.query(`BEGIN; ${lock}; ${tables} COMMIT`)
  }
  const written = await client.query<{ format: number }>('SELECT format FROM podpass_meta')
  if (written.rows[0]?.format !== format) {
    throw new UnfitDatabase('its data was written by another version of Podpass')
  }
}

/** All documents and the newest versions (of at most `historyMax` revisions), as of one moment. */
export async function readAll(
  client: Client,
  historyMax: number,
): Promise<{
  meta: Meta
  documents: Map<string, Document>
  history: readonly Version[]
  floor: number
}> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const meta = await readMeta(client)
  const documents = new Map<string, Document>()
  for (let after = ''; ; ) {
    const { rows } = await client.query<Row>(
      'SELECT * FROM podpass_document WHERE key > $1 ORDER BY key LIMIT $2',
      [after, pageSize],
    )
    for (const row of rows) documents.set(row.key, document(row))
    if (rows.length < pageSize) break
    after = rows.at(-1)?.key ?? ''
  }
  const floor = Math.max(meta.compacted, meta.revision - historyMax)
  const history = await readVersions(client, floor, meta.revision)
  await client.query('COMMIT')
  return { meta, documents, history, floor }
}

async function readMeta(client: Client): Promise<Meta> {
  const { rows } = await client.query<MetaRow>('SELECT revision, compacted FROM podpass_meta')
  return meta(rows[0])
}

/** The first versions after `from` and how far they go, as of one moment. */
export async function readNext(
  client: Client,
  from: number,
): Promise<{ meta: Meta; versions: readonly Version[]; upTo: number }> {
  const { rows } = await client.query<
    (Row | { revision: null }) & { newest: string; floor: string }
  >(
    `SELECT v.*, m.revision AS newest, m.compacted AS floor FROM podpass_meta AS m
     LEFT JOIN podpass_version AS v ON v.revision > $1 AND v.revision <= $2
     ORDER BY v.revision, v.key`,
    [from, from + pageSize],
  )
  const [first] = rows
  const found = meta(first && { revision: first.newest, compacted: first.floor })
  const versions = rows.flatMap((row) => (row.revision === null ? [] : [version(row as Row)]))
  return { meta: found, versions, upTo: Math.min(from + pageSize, found.revision) }
}

/** Versions after `from`, up to and with `to`. */
export async function readVersions(client: Client, from: number, to: number): Promise<Version[]> {
  const versions: Version[] = []
  for (let at = from; at < to; at += pageSize) {
    const { rows } = await client.query<Row>(
      `SELECT * FROM podpass_version WHERE revision > $1 AND revision <= $2 ORDER BY revision, key`,
      [at, Math.min(at + pageSize, to)],
    )
    for (const row of rows) versions.push(version(row))
  }
  return versions
}

/** Begins a transaction that holds the lock: nobody else writes until it ends, and all that was written is seen. */
export async function beginWrite(client: Client): Promise<Meta> {
  const results = (await client.query(
    'BEGIN; SELECT revision, compacted FROM podpass_meta FOR UPDATE',
  )) as unknown as readonly { rows: MetaRow[] }[]
  return meta(results[1]?.rows[0])
}

/** Writes documents (undefined: deleted) and their versions, and tells others once the transaction is committed. */
export async function write(
  client: Client,
  documents: ReadonlyMap<string, Document | undefined>,
  versions: readonly Version[],
  revision: number,
): Promise<void> {
  const put = [...documents].filter((entry): entry is [string, Document] => entry[1] !== undefined)
  const gone = [...documents].filter((entry) => entry[1] === undefined)
  await client.query({ name: 'podpass-write', text: writeStatement }, [
    gone.map(([key]) => key),
    put.map(([key]) => key),
    put.map(([, value]) => value.revision),
    put.map(([, value]) => value.createRevision),
    put.map(([, value]) => value.text),
    versions.map((one) => one.revision),
    versions.map((one) => one.key),
    versions.map((one) => one.kind),
    versions.map((one) => one.createRevision),
    versions.map((one) => one.previousRevision),
    versions.map((one) => one.at),
    versions.map((one) => one.batch),
    versions.map((one) => one.text),
    versions.map((one) => one.previous),
    revision,
  ])
}

const writeStatement = `
  WITH gone AS (DELETE FROM podpass_document WHERE key = ANY ($1::text[])),
  put AS (
    INSERT INTO podpass_document (key, revision, create_revision, value)
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[])
    ON CONFLICT (key) DO UPDATE SET
      revision = excluded.revision, create_revision = excluded.create_revision, value = excluded.value
  ),
  noted AS (
    INSERT INTO podpass_version
      (revision, key, kind, create_revision, previous_revision, at, batch, value, previous)
    SELECT * FROM unnest($6::bigint[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[],
      $12::uuid[], $13::text[], $14::text[])
  ),
  counted AS (UPDATE podpass_meta SET revision = $15::bigint)
  SELECT pg_notify('${channel}', $15::bigint::text)`

/** Deletes versions that were written before `time` (ms); the caller holds the lock. */
export async function compact(client: Client, time: number): Promise<void> {
  const { rows } = await client.query<{ upto: string | null }>(
    'SELECT max(revision) AS upto FROM podpass_version WHERE at < $1',
    [time],
  )
  const upTo = rows[0]?.upto
  if (upTo === null || upTo === undefined) return
  await client.query('DELETE FROM podpass_version WHERE revision <= $1', [upTo])
  await client.query('UPDATE podpass_meta SET compacted = greatest(compacted, $1::bigint)', [upTo])
}

/** `bigint` comes as text; revisions stay far below 2^53. */
interface MetaRow {
  readonly revision: string
  readonly compacted: string
}

interface Row {
  readonly key: string
  readonly revision: string
  readonly create_revision: string
  readonly value: string
  readonly kind: Version['kind']
  readonly previous_revision: string
  readonly at: string
  readonly batch: string
  readonly previous: string | null
}

function meta(row: MetaRow | undefined): Meta {
  if (!row) throw new UnfitDatabase('its table podpass_meta is empty')
  return { revision: Number(row.revision), compacted: Number(row.compacted) }
}

function document({ revision, create_revision, value }: Row): Document {
  return { revision: Number(revision), createRevision: Number(create_revision), text: value }
}

function version(row: Row): Version {
  return {
    ...document(row),
    kind: row.kind,
    key: row.key,
    previousRevision: Number(row.previous_revision),
    previous: row.previous,
    at: Number(row.at),
    batch: row.batch,
  }
}
