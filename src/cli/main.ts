/** `podpass`: the command line. Commands load what they need when they run, so that --help is instant. */
import { Command, CommanderError } from 'commander'
import { readEnvironment } from '../config/env.ts'
import { registerCommands } from './commands.ts'
import type { CliContext } from './context.ts'
import { CliFailure, exitCodes } from './failure.ts'
import { version } from './version.ts'

const environment = readEnvironment()
const context: CliContext = {
  environment,
  stdout: process.stdout,
  stderr: process.stderr,
  color:
    process.stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb',
  userId: process.getuid?.() ?? 0,
  now: () => Date.now(),
}

const program = new Command('podpass')
  .description('every Kubernetes pod its own short-lived AWS identity')
  .version(version, '--version', 'print the version')
  .option('--home <dir>', "the lab's data folder (default: PODPASS_HOME, else ~/.podpass)")
  .option('--debug', 'show stack traces')
  .helpOption('-h, --help', 'show help')
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'error: ')) })

await registerCommands(program, context, process.argv.slice(2))

// A reader that goes away (`podpass … | head`) ends the command quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exitCode = exitCodes.done
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
  const { debug } = program.opts<{ debug?: boolean }>()
  if (error instanceof CliFailure) {
    context.stderr.write(`error: ${error.message}\n`)
    for (const hint of error.hints) context.stderr.write(`  ${hint}\n`)
    if (debug) context.stderr.write(`${error.stack}\n${String(error.cause ?? '')}\n`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  context.stderr.write(`error: this is a bug in podpass: ${message}\n`)
  if (debug && error instanceof Error) context.stderr.write(`${error.stack}\n`)
  else context.stderr.write('  run it again with --debug to see where\n')
  return exitCodes.failed
}
