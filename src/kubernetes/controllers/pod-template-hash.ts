/** The label value that tells the ReplicaSets of a Deployment apart by their pod template. */

/** As the API's own names: no vowels, so no words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** FNV-1a of the template in canonical form; `collisions` makes another where one is taken. */
export function podTemplateHash(template: unknown, collisions = 0): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(canonical(template) + (collisions > 0 ? collisions : ''))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}

/** JSON with sorted keys, so that equal templates give equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonical(v)}`).join(',')}}`
}
