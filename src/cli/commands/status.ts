/** `podpass status`: is a lab running in this home, and what is in it. */
import { Command } from 'commander'
import { isoSeconds } from '../../kernel/iso-time.ts'
import { type LabStatus, labStatus } from '../../lab/control.ts'
import type { Home } from '../../lab/home.ts'
import { type CliContext, homeOf } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { type OutputFormat, render } from '../render.ts'

export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('say what runs in this home')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
Exit codes: 0 a lab runs, 3 none does.

Examples:
  podpass status
  podpass status --home ~/lab --output json`,
    )
    .action(async (options: { output: OutputFormat }, command: Command) => {
      const home = homeOf(context, command)
      const status = await labStatus(home.controlSocket)
      if (!status) throw notRunning(home)
      context.stdout.write(await render(options.output, status, () => statusText(status)))
    })
}

/** The failure of every command that needs a running lab. */
export function notRunning(home: Home): CliFailure {
  return new CliFailure(`no podpass runs in \`${home.root}\``, {
    exitCode: exitCodes.unreachable,
    hints: ['start it:    podpass up -d'],
  })
}

function statusText(status: LabStatus): string {
  const clock = isoSeconds(status.clock.now)
  const lines = [
    ['home', `${status.home}      pid ${status.pid}`],
    ['AWS', `https://127.0.0.1:${status.awsPort}      account ${status.account}, ${status.region}`],
    ['issuer', `https://localhost:${status.issuerPort}`],
    ['clock', `${clock}${status.clock.offsetMs === 0 ? '' : '      moved ahead'}`],
    ...(status.podNetwork ? [['pods', podNetworkText(status.podNetwork)]] : []),
    ...status.clusters.map((cluster) => [
      'cluster',
      `${cluster.name}      ${cluster.endpoint}, ${cluster.nodes} ${cluster.nodes === 1 ? 'node' : 'nodes'}`,
    ]),
  ]
  return lines.map(([name = '', text = '']) => `${name.padEnd(10)} ${text}\n`).join('')
}

/** How pods are connected, in a few words. */
export function podNetworkText({ kind, note }: NonNullable<LabStatus['podNetwork']>): string {
  if (kind === 'namespaces') return 'a network namespace each'
  return `share this machine's network${note === undefined ? '' : `: ${note}`}`
}
