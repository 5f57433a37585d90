/** `podpass create account`: one more AWS account in the lab. */
import { Command } from 'commander'
import type { AccountKeys } from '../../aws/iam/accounts.ts'
import { accountId, accountText } from '../account-keys.ts'
import type { CliContext } from '../context.ts'
import { administerLab } from '../lab-control.ts'
import { type OutputFormat, render } from '../render.ts'

interface Options {
  readonly id?: string
  readonly name?: string
  readonly output: OutputFormat
}

export function createAccountCommand(context: CliContext): Command {
  return new Command('account')
    .description("make an AWS account in the lab; prints its root user's and administrator's keys")
    .option('--id <id>', '12 digits (default: any free one)', accountId)
    .option('--name <name>', 'a name for it')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
The keys are shown this once.
Exit codes: 0 made, 1 it is there already, 2 wrong usage, 3 no lab runs.

Examples:
  podpass create account --id 444455556666 --name partner
  podpass create account --output json`,
    )
    .action(async ({ output, ...account }: Options, command: Command) => {
      const made = await administerLab<AccountKeys>(context, command, '/accounts', account)
      context.stdout.write(await render(output, made, () => accountText(made)))
    })
}
