/** `podpass reset`: forgets all that the lab of this home knew. */
import { existsSync, rmSync } from 'node:fs'
import { Command } from 'commander'
import { databaseDirectory } from '../../lab/home.ts'
import { currentHolder } from '../../lab/lock.ts'
import { type CliContext, homeOf } from '../context.ts'
import { CliFailure } from '../failure.ts'

export function resetCommand(context: CliContext): Command {
  return new Command('reset')
    .description('forget everything: clusters, roles, buckets, keys, settings')
    .addHelpText(
      'after',
      `
The images file of the home is yours and stays.

Examples:
  podpass down && podpass reset && podpass up`,
    )
    .action((_options: unknown, command: Command) => {
      const home = homeOf(context, command)
      const holder = currentHolder(home.lockFile)
      if (holder) {
        throw new CliFailure(`podpass runs in \`${home.root}\` (pid ${holder.pid})`, {
          hints: ['stop it first:    podpass down'],
        })
      }
      if (!existsSync(home.root)) {
        context.stderr.write(`there is nothing in ${home.root}\n`)
        return
      }
      const ours = [
        home.settingsFile,
        home.credentialsFile,
        home.caFile,
        home.caKeyFile,
        home.sealingKeysFile,
        home.objects,
        home.clusters,
        home.databases,
        databaseDirectory(home, context.userId),
        home.kubeconfig,
        home.bin,
        home.eksctlBin,
        home.lockFile,
        home.logFile,
        home.auditFolder,
        ...['', '-wal', '-shm'].map((ending) => home.stateFile + ending),
      ]
      for (const path of ours) rmSync(path, { recursive: true, force: true })
      context.stderr.write(`${home.root} is as new\n`)
    })
}
