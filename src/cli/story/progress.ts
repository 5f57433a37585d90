/** What the story is doing now, in one line of the error stream: overwritten on a terminal, plain lines elsewhere. */
import type { CliContext } from '../context.ts'

export interface Progress {
  say(what: string): void
  /** Takes the line away again. */
  clear(): void
}

/** `isTerminal`: of the error stream. */
export function progress({ stderr }: Pick<CliContext, 'stderr'>, isTerminal: boolean): Progress {
  let shown = false
  return {
    say(what) {
      this.clear()
      stderr.write(isTerminal ? `  ${what} …` : `  ${what}\n`)
      shown = isTerminal
    },
    clear() {
      if (shown) stderr.write('\r\u001b[K')
      shown = false
    },
  }
}
