/** `podpass down`: stops the lab of this home; its data stays. */
import { Command } from 'commander'
import { askLab } from '../../lab/control.ts'
import { currentHolder } from '../../lab/lock.ts'
import { type CliContext, homeOf } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { waitUntil } from '../wait.ts'

export function downCommand(context: CliContext): Command {
  return new Command('down')
    .description('stop the lab; its data stays')
    .addHelpText(
      'after',
      `
Examples:
  podpass down
  podpass down --home ~/lab`,
    )
    .action(async (_options: unknown, command: Command) => {
      const home = homeOf(context, command)
      const holder = currentHolder(home.lockFile)
      if (!holder) {
        context.stderr.write(`nothing runs in ${home.root}\n`)
        return
      }
      const answer = await askLab(home.controlSocket, 'POST', '/stop')
      if (!answer) process.kill(holder.pid, 'SIGTERM')
      const stopped = await waitUntil(() => !currentHolder(home.lockFile), 15_000)
      if (!stopped) {
        throw new CliFailure(`podpass (pid ${holder.pid}) did not stop within 15 s`, {
          hints: [`end it:    kill -9 ${holder.pid}      (nothing that was answered is lost)`],
        })
      }
      context.stderr.write(`stopped; the data in ${home.root} is kept\n`)
    })
}
