/** Counts of the webhook's decisions, in Prometheus' text form. */
import type { Mutation } from './mutate.ts'

export interface WebhookMetrics {
  decided(mutation: Mutation): void
  answered(path: string, status: number): void
  text(): string
}

/** The first three names are those of AWS's webhook. */
export function createMetrics(): WebhookMetrics {
  const counts = new Map<string, Map<string, number>>([
    ['http_request_count', new Map()],
    ['pod_identity_webhook_pod_count', new Map()],
    ['pod_identity_webhook_missing_sa_count', new Map([['', 0]])],
    ['pod_identity_webhook_decisions_total', new Map()],
  ])
  const add = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const key = text.length > 0 ? `{${text.join(',')}}` : ''
    const series = counts.get(name)
    series?.set(key, (series.get(key) ?? 0) + 1)
  }
  return {
    decided({ result, reason, identity }) {
      const mode = identity?.mode ?? 'none'
      add('pod_identity_webhook_decisions_total', { mode, result, reason })
      if (identity) add('pod_identity_webhook_pod_count', { method: mode })
      if (reason === 'no-service-account') add('pod_identity_webhook_missing_sa_count')
    },
    answered(path, status) {
      add('http_request_count', { path, code: String(status) })
    },
    text() {
      return [...counts]
        .map(([name, series]) => {
          const lines = [...series].map(([labels, count]) => `${name}${labels} ${count}\n`)
          return `# TYPE ${name} counter\n${lines.join('')}`
        })
        .join('')
    },
  }
}
