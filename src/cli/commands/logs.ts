/** `podpass logs`: what the lab wrote while it ran in the background. */
import { createReadStream, existsSync, statSync, watch } from 'node:fs'
import { Command } from 'commander'
import { currentHolder } from '../../lab/lock.ts'
import { type CliContext, homeOf } from '../context.ts'
import { CliFailure } from '../failure.ts'

export function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .description("print the lab's log (JSON lines)")
    .option('-f, --follow', 'go on printing')
    .addHelpText(
      'after',
      `
Examples:
  podpass logs
  podpass logs -f | jq .`,
    )
    .action(async (options: { follow?: boolean }, command: Command) => {
      const home = homeOf(context, command)
      if (!existsSync(home.logFile)) {
        throw new CliFailure(`there is no log in \`${home.root}\``, {
          hints: ['start a lab:    podpass up -d'],
        })
      }
      let position = await print(context, home.logFile, 0)
      if (!options.follow) return
      const watcher = watch(home.logFile)
      for await (const _ of toIterable(watcher)) {
        const { size } = statSync(home.logFile)
        if (size < position) position = 0
        position = await print(context, home.logFile, position)
        if (!currentHolder(home.lockFile)) break
      }
      watcher.close()
    })
}

async function print(context: CliContext, file: string, from: number): Promise<number> {
  let position = from
  for await (const chunk of createReadStream(file, { start: from })) {
    context.stdout.write(String(chunk))
    position += (chunk as Buffer).length
  }
  return position
}

async function* toIterable(watcher: ReturnType<typeof watch>): AsyncGenerator<void> {
  let wake: (() => void) | undefined
  let pending = false
  watcher.on('change', () => {
    pending = true
    wake?.()
  })
  for (;;) {
    if (!pending) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    pending = false
    yield
  }
}
