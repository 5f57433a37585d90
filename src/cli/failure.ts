/** How a command says that it failed: what, why, and what to type next. */

/** Exit codes, the same for every command: 0 done, 1 failed or denied, 2 wrong usage, 3 could not reach. */
export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const

/** A failure that is shown as `error: <message>` and its hint lines; anything else thrown is a bug. */
export class CliFailure extends Error {
  readonly exitCode: number
  /** Lines below the error: a cause, or a command that helps. */
  readonly hints: readonly string[]

  constructor(
    message: string,
    options: { exitCode?: number; hints?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliFailure'
    this.exitCode = options.exitCode ?? exitCodes.failed
    this.hints = options.hints ?? []
  }
}
