/** Times in Kubernetes objects. */

/** RFC 3339, UTC, whole seconds. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** Milliseconds since the epoch of a timestamp that the API server checked; NaN when it is none. */
export function parseTimestamp(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text)
}
