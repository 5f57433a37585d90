/** The tables of the SQLite store, and how they are opened. */
import { DatabaseSync } from 'node:sqlite'

const tables = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS current (
    key TEXT PRIMARY KEY, revision INTEGER NOT NULL, create_revision INTEGER NOT NULL, value TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS versions (
    revision INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, create_revision INTEGER NOT NULL,
    at INTEGER NOT NULL, value TEXT NOT NULL, previous TEXT, PRIMARY KEY (revision, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS versions_by_key ON versions (key, revision);
  INSERT OR IGNORE INTO meta VALUES ('revision', 0), ('compacted', 0), ('format', 1);
`

/** Opens (or makes) the database file: WAL, every commit on disk before it is answered. Throws when the file is no database of ours. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;')
  database.exec(tables)
  const format = database.prepare("SELECT value FROM meta WHERE name = 'format'").get()
  if (format?.['value'] !== 1) {
    database.close()
    throw new Error(`the data in ${path} was written by another version of Podpass`)
  }
  return database
}

/** The half-open key range of a prefix; without an upper end for the empty one. */
export function prefixRange(prefix: string): { from: string; to: string } {
  if (prefix === '') return { from: '', to: '\u{10FFFF}' }
  const last = prefix.charCodeAt(prefix.length - 1)
  return { from: prefix, to: prefix.slice(0, -1) + String.fromCharCode(last + 1) }
}
