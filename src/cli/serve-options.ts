/** The settings of `podpass serve` as options of commands, and how they are read from there. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import {
  ConfigError,
  flagOf,
  readServeConfig,
  type ServeAwsConfig,
  type ServeSetting,
  serveSettings,
} from '../config/serve.ts'
import type { CliContext } from './context.ts'
import { CliFailure, exitCodes } from './failure.ts'
import { collect } from './options.ts'

const lists: readonly ServeSetting[] = ['issuers.ca', 'regions', 'trustedProxies']

function optionOf(setting: ServeSetting): Option {
  const [argument, about] = serveSettings[setting]
  const option = new Option(`${flagOf(setting)} ${argument}`.trim(), about)
  return lists.includes(setting) ? option.argParser(collect) : option
}

/** Adds `--config` and the flags of these settings (all without a list). */
export function addServeOptions(
  command: Command,
  settings = Object.keys(serveSettings) as readonly ServeSetting[],
): Command {
  command.option('--config <file>', 'settings in YAML or JSON; flags and variables come before it')
  for (const setting of settings) command.addOption(optionOf(setting))
  return command
}

/** Resolves the settings from the command's flags, the environment and the file. Throws a CliFailure. */
export async function serveConfig(context: CliContext, command: Command): Promise<ServeAwsConfig> {
  const options = command.opts<Record<string, unknown>>()
  const settings = Object.keys(serveSettings) as ServeSetting[]
  const flags = Object.fromEntries(
    settings.map((setting) => [setting, options[optionOf(setting).attributeName()]]),
  )
  const { environment } = context
  const name = options['config'] as string | undefined
  try {
    const file = name === undefined ? undefined : { name, content: await readConfigFile(name) }
    return readServeConfig({ flags, environment, ...(file && { file }) })
  } catch (error) {
    throw configFailure(error)
  }
}

/** A wrong setting as a failure for people; anything else is passed on. */
export function configFailure(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error
  return new CliFailure(error.message, {
    exitCode: exitCodes.usage,
    hints: error.hints,
    cause: error,
  })
}

async function readConfigFile(path: string): Promise<unknown> {
  const { parse } = await import('yaml')
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new ConfigError(`\`${path}\` cannot be read: ${why}`)
  }
}
