/** Times in Kubernetes objects. */

/** Milliseconds since the epoch of a timestamp that the API server checked; NaN when it is none. */
export function parseTimestamp(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text)
}
