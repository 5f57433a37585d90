/** Makes the process's logger. The only file that knows pino. */
import { pino } from 'pino'
import type { Log } from './log.ts'
import { redact } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** JSON lines to a file, or to a stream such as process.stderr; facts go through the redactor. */
export function createPinoLog(options: {
  level: LogLevel
  destination: string | { write(line: string): void }
}): Log {
  const { level, destination } = options
  const settings = { level, base: null, formatters: { log: (facts: object) => clean(facts) } }
  return typeof destination === 'string'
    ? pino(settings, pino.destination({ dest: destination, mkdir: true, sync: false }))
    : pino(settings, destination)
}

function clean(facts: object): Record<string, unknown> {
  const copy = redact({ ...facts })
  return typeof copy === 'object' && copy !== null ? (copy as Record<string, unknown>) : {}
}
