/** The table of commands. */
import type { Command } from 'commander'
import {
  createCommand,
  deleteCommand,
  getCommand,
  updateCommand,
  utilsCommand,
} from './command-groups.ts'
import { awsCommand } from './commands/aws.ts'
import { clockCommand } from './commands/clock.ts'
import { completeCommand, completionCommand } from './commands/completion.ts'
import { downCommand } from './commands/down.ts'
import { envCommand } from './commands/env.ts'
import { issuerCommand } from './commands/issuer.ts'
import { logsCommand } from './commands/logs.ts'
import { nodeCommand } from './commands/node.ts'
import { policyCommand } from './commands/policy.ts'
import { resetCommand } from './commands/reset.ts'
import { serveCommand } from './commands/serve.ts'
import { statusCommand } from './commands/status.ts'
import { tokenCommand } from './commands/token.ts'
import { tutorialCommand } from './commands/tutorial.ts'
import { upCommand } from './commands/up.ts'
import { whyCommand } from './commands/why.ts'
import type { CliContext } from './context.ts'

const commands: readonly ((context: CliContext) => Command)[] = [
  upCommand,
  downCommand,
  statusCommand,
  logsCommand,
  resetCommand,
  envCommand,
  clockCommand,
  createCommand,
  getCommand,
  updateCommand,
  deleteCommand,
  utilsCommand,
  nodeCommand,
  issuerCommand,
  tokenCommand,
  whyCommand,
  policyCommand,
  tutorialCommand,
  serveCommand,
  awsCommand,
  completionCommand,
]

/** Adds every command to the program; sub-commands inherit its settings. */
export function registerCommands(program: Command, context: CliContext): void {
  for (const make of commands) program.addCommand(inherit(make(context), program))
  program.addCommand(completeCommand(context), { hidden: true })
}

function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program)
  for (const child of command.commands) inherit(child, command)
  return command
}
