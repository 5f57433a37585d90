/** What every command is given: streams, environment, and where the lab's home is. */
import { styleText } from 'node:util'
import type { Command } from 'commander'
import { type Environment, homeDirectory, runtimeDirectory } from '../config/env.ts'
import { type Home, homeAt } from '../lab/home.ts'

/** Text to a stream, whole. */
export interface Output {
  write(text: string): void
}

export interface CliContext {
  readonly environment: Environment
  /** Results. */
  readonly stdout: Output
  /** Progress and errors. */
  readonly stderr: Output
  readonly color: boolean
  readonly userId: number
  /** Wall time, ms since the epoch. */
  now(): number
}

type Style = Parameters<typeof styleText>[0]

/** Colours `text` where colour is wanted: `paint(context, 'red', 'no')`. */
export function paint(context: CliContext, style: Style, text: string): string {
  return context.color ? styleText(style, text, { validateStream: false }) : text
}

/** The home that a command speaks of: its `--home`, else the environment's. */
export function homeOf(context: CliContext, command: Command): Home {
  const options = command.optsWithGlobals<{ home?: string }>()
  return homeAt(
    homeDirectory(context.environment, options.home),
    runtimeDirectory(context.environment, context.userId),
  )
}
