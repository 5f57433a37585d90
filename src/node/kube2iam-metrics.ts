/** kube2iam's metrics, in Prometheus' text form. They name roles, and any pod of the node may read them, as with the real one. */

type Labels = Readonly<Record<string, string>>

/** Upper ends in seconds: from a millisecond, each twice the last. */
const bucketEnds = Array.from({ length: 14 }, (_, n) => 0.001 * 2 ** n)

/** Of each metric; what has further labels is not counted. */
const seriesMax = 1000

interface Histogram {
  readonly counts: number[]
  sum: number
  count: number
}

export class Kube2iamMetrics {
  readonly #requests = new Map<string, Histogram>()
  readonly #roles = new Map<string, Histogram>()
  readonly #hits = new Map<string, number>()

  constructor() {
    for (const code of ['Success', 'UnknownError']) {
      series(this.#roles, { code, role_arn: '' }, newHistogram)
    }
  }

  /** An answer to a pod. `ms`: how long it took. */
  served(handler: string, method: string, status: number, ms: number): void {
    const labels = { code: String(status), handler, method }
    observe(series(this.#requests, labels, newHistogram), ms)
  }

  /** An answer of STS; `code` is `Success` or that of the error. */
  assumed(roleArn: string, code: string, ms: number): void {
    observe(series(this.#roles, { code, role_arn: roleArn }, newHistogram), ms)
  }

  /** Credentials that were there already. */
  hit(roleArn: string): void {
    const key = labelText({ role_arn: roleArn })
    const count = this.#hits.get(key)
    if (count !== undefined || this.#hits.size < seriesMax) this.#hits.set(key, (count ?? 0) + 1)
  }

  /** The page `/metrics`. */
  text(isHealthy: boolean): string {
    const healthcheck = 'kube2iam_healthcheck_status'
    return [
      head(
        healthcheck,
        'gauge',
        'The healthcheck status at scrape time. A value of 1 means it is passing, 0 means it is failing.',
      ),
      `${healthcheck} ${isHealthy ? 1 : 0}\n`,
      histogramText(
        'kube2iam_http_request_duration_seconds',
        'Time taken for kube2iam to serve HTTP request.',
        this.#requests,
      ),
      head('kube2iam_iam_cache_hits_total', 'counter', 'Total number of IAM cache hits.'),
      ...[...this.#hits].map(([labels, n]) => `kube2iam_iam_cache_hits_total{${labels}} ${n}\n`),
      histogramText(
        'kube2iam_iam_request_duration_seconds',
        'Time taken to complete IAM request in seconds.',
        this.#roles,
      ),
    ].join('')
  }
}

const newHistogram = (): Histogram => ({ counts: bucketEnds.map(() => 0), sum: 0, count: 0 })

/** The series of these labels; undefined where there are too many. */
function series<T>(of: Map<string, T>, labels: Labels, make: () => T): T | undefined {
  const key = labelText(labels)
  const found = of.get(key)
  if (found !== undefined || of.size >= seriesMax) return found
  const made = make()
  of.set(key, made)
  return made
}

function observe(histogram: Histogram | undefined, ms: number): void {
  if (!histogram) return
  const seconds = ms / 1000
  histogram.sum += seconds
  histogram.count++
  bucketEnds.forEach((end, n) => {
    if (seconds <= end) histogram.counts[n] = (histogram.counts[n] ?? 0) + 1
  })
}

function histogramText(name: string, help: string, of: ReadonlyMap<string, Histogram>): string {
  const lines = [...of].flatMap(([labels, { counts, sum, count }]) => [
    ...bucketEnds.map((end, n) => `${name}_bucket{${labels},le="${end}"} ${counts[n] ?? 0}\n`),
    `${name}_bucket{${labels},le="+Inf"} ${count}\n`,
    `${name}_sum{${labels}} ${sum}\n`,
    `${name}_count{${labels}} ${count}\n`,
  ])
  return head(name, 'histogram', help) + lines.join('')
}

const head = (name: string, type: string, help: string) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`

const escapes: Labels = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (c) => escapes[c] ?? c)}"`)
    .join(',')
}
