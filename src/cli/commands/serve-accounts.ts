/** `podpass serve accounts`: the accounts of a shared store. */
import { Command } from 'commander'
import { accountId, accountText, createAccountOnce } from '../account-keys.ts'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { type OutputFormat, render, table } from '../render.ts'
import { addServeOptions } from '../serve-options.ts'
import { withSharedStore } from '../serve-store.ts'

export function serveAccountsCommand(context: CliContext): Command {
  const accounts = new Command('accounts')
    .description('make and list the accounts of a shared store')
    .addHelpText(
      'after',
      `
Examples:
  podpass serve accounts create --id 111122223333 --name production --output json
  podpass serve accounts list --config serve.yaml`,
    )
  addServeOptions(accounts.command('create'), ['store'])
    .description("make an account and print its root user's and an administrator's keys, this once")
    .option('--id <id>', '12 digits (default: any free one)', accountId)
    .option('--name <name>', 'a name for it')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(
      async (options: { id?: string; name?: string; output: OutputFormat }, command: Command) => {
        const { newAccountId } = await import('../../aws/iam/accounts.ts')
        const { openIam } = await import('../../aws/iam/iam.ts')
        const account = {
          id: options.id ?? newAccountId(),
          ...(options.name !== undefined && { name: options.name }),
        }
        const made = await withSharedStore(context, command, async (parts) => {
          await using iam = openIam(parts)
          return await createAccountOnce(iam, account)
        })
        if (!made) throw accountExists(account.id)
        context.stdout.write(await render(options.output, made, () => accountText(made)))
      },
    )
  addServeOptions(accounts.command('list'), ['store'])
    .description('list the accounts')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(async (options: { output: OutputFormat }, command: Command) => {
      const { openIam } = await import('../../aws/iam/iam.ts')
      const found = await withSharedStore(context, command, async (parts) => {
        await using iam = openIam(parts)
        return iam.accounts()
      })
      const columns = {
        id: (row: { id: string }) => row.id,
        name: (row: { name?: string }) => row.name ?? '',
      }
      context.stdout.write(await render(options.output, found, () => table(columns, found)))
    })
  return accounts
}

/** The failure of making an account that is there. */
export function accountExists(id: string): CliFailure {
  return new CliFailure(`account \`${id}\` is there already`, {
    hints: [
      'its keys are shown once, when it is made; IAM makes new ones: aws iam create-access-key',
    ],
  })
}
