/** How links put durations and names into words. */

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** `23 h 59 min`, `4 min`, `12 s`: the two largest units of a length in seconds, the sign dropped. */
export function duration(seconds: number): string {
  let rest = Math.abs(Math.trunc(seconds))
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
  }
  return parts.slice(0, 2).join(' ') || '0 s'
}

/** An issuer's URL as IAM writes it in ARNs and condition keys: without the scheme. */
export function withoutScheme(issuer: string): string {
  return issuer.startsWith('https://') ? issuer.slice(8) : issuer
}

/** The same without the port, as eksctl writes it: `localhost:4567/id/9F` → `localhost/id/9F`. */
export function withoutPort(name: string): string {
  const slash = name.indexOf('/')
  const host = slash < 0 ? name : name.slice(0, slash)
  const colon = host.lastIndexOf(':')
  // A host without a port may be an IPv6 address in brackets.
  if (colon < 0 || !/^\d+$/.test(host.slice(colon + 1))) return name
  return host.slice(0, colon) + (slash < 0 ? '' : name.slice(slash))
}

/** Namespace and name of the ServiceAccount that a subject means; undefined for any other subject. */
export function serviceAccountOf(subject: string): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(subject)
  return match?.[1] && match[2] ? { namespace: match[1], name: match[2] } : undefined
}

/** How many single changes make one text of the other (insert, delete, replace). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
