/** `podpass env`: the variables with which aws, kubectl, eksctl and the SDKs find the lab. */
import { delimiter } from 'node:path'
import { Command } from 'commander'
import { readSettings } from '../../lab/home.ts'
import { currentHolder } from '../../lab/lock.ts'
import { labVariables, readLabCredentials } from '../../lab/variables.ts'
import { type CliContext, homeOf } from '../context.ts'
import { hasProgram, pathFolders } from '../programs.ts'
import { notRunning } from './status.ts'

export function envCommand(context: CliContext): Command {
  return new Command('env')
    .description('print the variables for aws, kubectl and the SDKs, as shell commands')
    .option('--no-eksctl', 'leave out the eksctl command that is podpass')
    .option('-o, --output <format>', 'shell or json', 'shell')
    .addHelpText(
      'after',
      `
Where no real eksctl is on PATH, an \`eksctl\` that is podpass comes along in front of it.

Examples:
  eval "$(podpass env)"
  podpass env --output json | jq -r .AWS_ENDPOINT_URL`,
    )
    .action((options: { eksctl: boolean; output: string }, command: Command) => {
      const home = homeOf(context, command)
      const credentials = readLabCredentials(home)
      const settings = readSettings(home)
      if (!credentials || settings.awsPort === undefined) throw notRunning(home)
      if (!currentHolder(home.lockFile)) {
        context.stderr.write(
          `warning: no podpass runs in ${home.root}; start it with: podpass up\n`,
        )
      }
      const variables: Record<string, string> = labVariables(home, settings, credentials)
      const own = [home.bin, home.eksctlBin]
      const rest = pathFolders(context.environment).filter((part) => !own.includes(part))
      const standIn = options.eksctl && !hasProgram(rest, 'eksctl') ? [home.eksctlBin] : []
      variables['PATH'] = [home.bin, ...standIn, ...rest].join(delimiter)
      if (options.output === 'json') {
        context.stdout.write(`${JSON.stringify(variables, null, 2)}\n`)
        return
      }
      for (const [name, value] of Object.entries(variables)) {
        context.stdout.write(`export ${name}=${quote(value)}\n`)
      }
    })
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
