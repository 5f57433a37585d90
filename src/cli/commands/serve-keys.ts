/** `podpass serve keys`: the keys that seal session tokens in a shared store. */
import { Command } from 'commander'
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { SealingKeyInfo } from '../../serve/sealing-keys.ts'
import type { CliContext } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { type OutputFormat, render, table } from '../render.ts'
import { addServeOptions } from '../serve-options.ts'
import { withSharedStore } from '../serve-store.ts'

interface RotateOptions {
  readonly lead: string
  readonly revoke?: boolean
  readonly output: OutputFormat
}

export function serveKeysCommand(context: CliContext): Command {
  const keys = new Command('keys')
    .description('list and rotate the keys that seal session tokens')
    .addHelpText(
      'after',
      `
A new key opens tokens at once and seals them after its lead, when every process knows it. Older keys go on opening
theirs; a rotation deletes them once no session of theirs can be alive (36 hours).

Examples:
  podpass serve keys list
  podpass serve keys rotate
  podpass serve keys rotate --revoke      a key was stolen: all sessions end now`,
    )
  addServeOptions(keys.command('list'), ['store'])
    .description('list the keys, never their content')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(async (options: { output: OutputFormat }, command: Command) => {
      const { listSealingKeys } = await import('../../serve/sealing-keys.ts')
      const found = await withSharedStore(context, command, async (parts) => listSealingKeys(parts))
      await show(context, found, options.output)
    })
  addServeOptions(keys.command('rotate'), ['store'])
    .description('make a new key; old sessions live on')
    .option('--lead <duration>', 'until the new key seals', '1m')
    .option('--revoke', 'delete all older keys now: every session ends')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(async (options: RotateOptions, command: Command) => {
      const leadMs = parseDuration(options.lead)
      if (leadMs === undefined || leadMs < 0) {
        throw new CliFailure(`\`${options.lead}\` is no duration`, {
          exitCode: exitCodes.usage,
          hints: ['such as 30s, 1m or 5m'],
        })
      }
      const { rotateSealingKeys } = await import('../../serve/sealing-keys.ts')
      const revoke = options.revoke ?? false
      const found = await withSharedStore(context, command, (parts) =>
        rotateSealingKeys({ ...parts, leadMs, revoke }),
      )
      await show(context, found, options.output)
    })
  return keys
}

async function show(
  context: CliContext,
  found: readonly SealingKeyInfo[],
  output: OutputFormat,
): Promise<void> {
  const rows = found.map(({ createdAt, sealsFrom, ...rest }) => ({
    ...rest,
    createdAt: isoSeconds(createdAt),
    sealsFrom: isoSeconds(sealsFrom),
  }))
  const columns = {
    id: (row: (typeof rows)[number]) => String(row.id),
    state: (row: (typeof rows)[number]) => row.state,
    created: (row: (typeof rows)[number]) => row.createdAt,
    'seals from': (row: (typeof rows)[number]) => row.sealsFrom,
  }
  context.stdout.write(await render(output, rows, () => table(columns, rows)))
}
