/** `podpass serve`: parts of Podpass for production, as processes that share a database. */
import { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { serveAccountsCommand } from './serve-accounts.ts'
import { serveAwsCommand } from './serve-aws.ts'
import { serveKeysCommand } from './serve-keys.ts'

export function serveCommand(context: CliContext): Command {
  return new Command('serve')
    .description('run IAM and STS in production, many processes on one PostgreSQL')
    .addCommand(serveAwsCommand(context))
    .addCommand(serveAccountsCommand(context))
    .addCommand(serveKeysCommand(context))
    .addHelpText(
      'after',
      `
Examples:
  export PODPASS_SERVE_STORE='postgres://podpass:secret@db.internal/podpass?sslmode=verify-full'
  podpass serve accounts create --id 111122223333 --name production
  podpass serve aws --listen 0.0.0.0:4566 --tls-certificate tls.crt --tls-key tls.key
  podpass serve keys rotate`,
    )
}
