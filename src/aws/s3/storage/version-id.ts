/** Version ids: they carry the place of the version among its key's, so that it is found without a search. */
import { randomBytes } from 'node:crypto'

/** The id of writes without versioning. */
export const nullVersion = 'null'

/** 32 characters; never begins with `-`, which command lines would take for an option. */
export function makeVersionId(seq: number): string {
  const bytes = Buffer.alloc(24)
  bytes.writeBigUInt64BE(BigInt(seq))
  randomBytes(16).copy(bytes, 8)
  return bytes.toString('base64url')
}

/** The place that an id names; undefined where the text is no id of ours. */
export function seqOf(versionId: string): number | undefined {
  if (!/^[A-Za-z0-9_-]{32}$/.test(versionId)) return undefined
  const seq = Buffer.from(versionId, 'base64url').readBigUInt64BE()
  return seq <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seq) : undefined
}

/** True for text that can be a version's id at all. */
export function isVersionId(text: string): boolean {
  return text === nullVersion || seqOf(text) !== undefined
}
