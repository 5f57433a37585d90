/** Wire types after the constraint check. */

/** An SDK input type whose required members, which the check has seen, are there. */
export type Checked<T> = {
  // biome-ignore lint/complexity/noBannedTypes: `{}` asks whether the member may be left out
  [K in keyof T]: {} extends Pick<T, K> ? T[K] : Exclude<T[K], undefined>
}
