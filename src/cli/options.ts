/** Readers of option values that several commands share. */
import { CliFailure, exitCodes } from './failure.ts'

/** Collects a repeatable option; commas separate too. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')]
}

/** `a=1,b=2`, repeatable, as a record. */
export function keyValues(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const pairs = text.split(',').map((part): [string, string] => {
    const at = part.indexOf('=')
    if (at < 1) {
      throw new CliFailure(`\`${part}\` is not of the form key=value`, {
        exitCode: exitCodes.usage,
      })
    }
    return [part.slice(0, at), part.slice(at + 1)]
  })
  return { ...before, ...Object.fromEntries(pairs) }
}

/** A name that may be given as option or as argument, not as both. */
export function nameOrArgument(
  option: string | undefined,
  argument: string | undefined,
): string | undefined {
  if (option !== undefined && argument !== undefined) {
    throw new CliFailure(`--name=${option} and argument ${argument} cannot be used together`, {
      exitCode: exitCodes.usage,
    })
  }
  return option ?? argument
}
