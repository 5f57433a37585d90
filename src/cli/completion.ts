/** What could be typed next: walks the commands for the shell's completion. */
import type { Command } from 'commander'

/** Candidates for the last of `words` (what follows `podpass`, the last one unfinished): sub-commands or options. */
export function candidates(program: Command, words: readonly string[]): string[] {
  const last = words.at(-1) ?? ''
  let command = program
  for (const word of words.slice(0, -1)) {
    const next = command.commands.find(
      (child) => child.name() === word || child.aliases().includes(word),
    )
    if (next) command = next
  }
  const previous = words.at(-2) ?? ''
  const option = command.options.find(({ long, short }) => previous === long || previous === short)
  if (option && !option.isBoolean()) {
    return (option.argChoices ?? []).filter((choice) => choice.startsWith(last))
  }
  const names = command.commands.map((child) => child.name())
  const flags = [command, program].flatMap((each) => each.options.flatMap(({ long }) => long ?? []))
  const all = last.startsWith('-') || names.length === 0 ? [...flags, '--help'] : names
  return [...new Set(all)].filter((name) => name.startsWith(last)).sort()
}

/** The script that a shell evaluates; it asks `podpass complete` at each tab. */
export const completionScripts: Readonly<Record<'bash' | 'zsh' | 'fish', string>> = {
  bash: `_podpass() {
  local IFS=$'\\n'
  COMPREPLY=($(podpass complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _podpass podpass
`,
  zsh: `#compdef podpass
_podpass() {
  local -a found
  found=(\${(f)"$(podpass complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
compdef _podpass podpass
`,
  fish: `complete -c podpass -f -a '(podpass complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}
