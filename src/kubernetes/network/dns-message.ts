/** As much of DNS messages (RFC 1035) as a resolver needs that answers a few names itself and passes on the rest. */

export interface Question {
  /** Lower case, without the last dot. */
  readonly name: string
  readonly type: number
}

export const typeA = 1
const headerBytes = 12
const ttlSeconds = 30

/** The question of a query; undefined for what is none, or has not exactly one. */
export function questionOf(query: Buffer): Question | undefined {
  const end = questionEnd(query)
  if (end === undefined || (query[2] ?? 0) & 0x80 || query.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  for (let at = headerBytes; query[at]; at += (query[at] ?? 0) + 1) {
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)))
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(end - 4) }
}

/** An answer of our own to `query`: this address, or none (`[]`: the name is there, but has no such record). */
export function answerTo(query: Buffer, answer: 'no-such-name' | 'failure' | string[]): Buffer {
  const end = questionEnd(query) ?? query.length
  const head = Buffer.from(query.subarray(0, end))
  const code = answer === 'no-such-name' ? 3 : answer === 'failure' ? 2 : 0
  const addresses = Array.isArray(answer) ? answer : []
  // A response; recursion as it was desired, and available.
  head.writeUInt16BE(0x8080 | (head.readUInt16BE(2) & 0x7900) | code, 2)
  head.writeUInt16BE(addresses.length, 6)
  head.writeUInt32BE(0, 8)
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16)
    record.writeUInt16BE(0xc000 | headerBytes, 0)
    record.writeUInt16BE(typeA, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(ttlSeconds, 6)
    record.writeUInt16BE(4, 10)
    record.set(address.split('.').map(Number), 12)
    return record
  })
  return Buffer.concat([head, ...records])
}

function questionEnd(message: Buffer): number | undefined {
  if (message.length < headerBytes) return undefined
  let at = headerBytes
  while (at < message.length && message[at] !== 0) {
    const length = message[at] ?? 0
    // Compression has no place in a question.
    if (length > 63) return undefined
    at += length + 1
  }
  const end = at + 5
  return end <= message.length ? end : undefined
}
