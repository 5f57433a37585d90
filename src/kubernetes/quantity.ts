/** Kubernetes quantities: `100m`, `2Gi`, `1e3`. */

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** The number that a quantity stands for; NaN when it is none. */
export function parseQuantity(quantity: string | number): number {
  const found = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]?|[KMGTPE]i)$/.exec(String(quantity))
  return found ? Number(found[1]) * (suffixes[found[2] ?? ''] ?? Number.NaN) : Number.NaN
}

/** As the downward API shows a quantity: in units of `divisor` (`0` means 1), rounded up. */
export function divideQuantity(quantity: string, divisor: string): string {
  const unit = parseQuantity(divisor) || 1
  // Away from what binary fractions add: 100m / 1m is 100, not 101.
  return String(Math.ceil(Number((parseQuantity(quantity) / unit).toPrecision(15))))
}
