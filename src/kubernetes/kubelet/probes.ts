/** The startup, liveness and readiness probes of one run of a container. */
import type { Clock } from '../../kernel/clock.ts'
import { type Handler, type HandlerContext, runHandler } from './handlers.ts'

export interface ProbeReports {
  started(): void
  ready(isReady: boolean): void
  /** The container is to be killed; `kind` is `liveness` or `startup`. */
  failed(kind: string): void
  /** A probe said no: `Liveness probe failed: …`. */
  unhealthy(message: string): void
}

/**
 * Runs the container's probes until disposed. Without a startup probe it is started at once, without a readiness
 * probe it is ready once started.
 */
export function startProbes(
  context: HandlerContext,
  clock: Clock,
  reports: ProbeReports,
): Disposable {
  const { startupProbe, livenessProbe, readinessProbe } = context.container
  const loops: Disposable[] = []
  const begin = () => {
    reports.started()
    if (livenessProbe) {
      loops.push(
        repeat(livenessProbe, 'Liveness', context, clock, reports, {
          passed: () => {},
          failed: () => reports.failed('liveness'),
        }),
      )
    }
    if (!readinessProbe) reports.ready(true)
    else {
      loops.push(
        repeat(readinessProbe, 'Readiness', context, clock, reports, {
          passed: () => reports.ready(true),
          failed: () => reports.ready(false),
        }),
      )
    }
  }
  if (!startupProbe) begin()
  else {
    const startup = repeat(startupProbe, 'Startup', context, clock, reports, {
      passed: () => {
        startup[Symbol.dispose]()
        begin()
      },
      failed: () => reports.failed('startup'),
    })
    loops.push(startup)
  }
  return {
    [Symbol.dispose]() {
      for (const loop of loops) loop[Symbol.dispose]()
    },
  }
}

/** Calls `passed` and `failed` each time a threshold is reached. */
function repeat(
  probe: Handler,
  kind: string,
  context: HandlerContext,
  clock: Clock,
  reports: ProbeReports,
  outcome: { passed(): void; failed(): void },
): Disposable {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe
  const { successThreshold = 1, failureThreshold = 3 } = probe
  let successes = 0
  let failures = 0
  let isOver = false
  let next: Disposable = { [Symbol.dispose]: () => {} }
  const check = async () => {
    const why = await runHandler(probe, context, timeoutSeconds * 1000)
    if (isOver) return
    if (why === undefined) {
      failures = 0
      if (++successes >= successThreshold) outcome.passed()
    } else {
      successes = 0
      reports.unhealthy(`${kind} probe failed: ${why}`)
      if (++failures >= failureThreshold) outcome.failed()
    }
    if (!isOver) next = schedule(clock.now() + periodSeconds * 1000)
  }
  const schedule = (at: number) => clock.schedule(at, () => void check())
  if (initialDelaySeconds > 0) next = schedule(clock.now() + initialDelaySeconds * 1000)
  else void check()
  return {
    [Symbol.dispose]() {
      isOver = true
      next[Symbol.dispose]()
    },
  }
}
