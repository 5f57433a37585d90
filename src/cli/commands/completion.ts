/** `podpass completion`: completion for the shell. */
import { Argument, Command } from 'commander'
import { candidates, completionScripts } from '../completion.ts'
import type { CliContext } from '../context.ts'

export function completionCommand(context: CliContext): Command {
  return new Command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  eval "$(podpass completion bash)"
  podpass completion fish > ~/.config/fish/completions/podpass.fish`,
    )
    .action((shell: keyof typeof completionScripts) => {
      context.stdout.write(completionScripts[shell])
    })
}

/** What the scripts ask at each tab; not shown in the help. */
export function completeCommand(context: CliContext): Command {
  const command = new Command('complete').argument('[words...]').allowUnknownOption()
  return command.action((words: string[]) => {
    const program = command.parent ?? command
    for (const candidate of candidates(program, words)) context.stdout.write(`${candidate}\n`)
  })
}
