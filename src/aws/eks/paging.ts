/** EKS's lists in pages: up to 100 items, the rest behind an opaque token. */
import { invalidParameter } from './errors.ts'

/** The page after `nextToken`, and the token of the next one where there is more. `items` are in a fixed order. */
export function pageOf<T>(
  items: readonly T[],
  request: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
): { items: T[]; nextToken?: string } {
  const start = request.nextToken === undefined ? 0 : offsetOf(request.nextToken)
  const end = start + (request.maxResults ?? 100)
  const page = items.slice(start, end)
  if (end >= items.length) return { items: page }
  return { items: page, nextToken: Buffer.from(`offset:${end}`).toString('base64url') }
}

function offsetOf(token: string): number {
  const match = /^offset:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (!match) throw invalidParameter('The nextToken is invalid.')
  return Number(match[1])
}
