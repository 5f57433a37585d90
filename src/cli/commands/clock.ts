/** `podpass clock`: the lab's time, which ages tokens and sessions. */
import { Command } from 'commander'
import { isoSeconds } from '../../kernel/iso-time.ts'
import { askLab, type LabStatus } from '../../lab/control.ts'
import { type CliContext, homeOf } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { notRunning } from './status.ts'

export function clockCommand(context: CliContext): Command {
  const clock = new Command('clock').description("show or move the lab's clock").addHelpText(
    'after',
    `
Examples:
  podpass clock show
  podpass clock advance 1h      sessions of an hour are now expired, tokens are rotated
  podpass clock reset           back to wall time

The clients' own clocks do not move. A request is fresh by wall time or by lab time.`,
  )
  clock
    .command('show')
    .description("print the lab's time and how far it is ahead")
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (options: { output: string }, command: Command) => {
      await show(context, command, await ask(context, command, 'GET', '/status'), options.output)
    })
  clock
    .command('advance')
    .description('move the clock ahead')
    .argument('<duration>', 'such as 90s, 15m, 1h, 2d, 1h30m')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (text: string, options: { output: string }, command: Command) => {
      const advanceMs = parseDuration(text)
      if (advanceMs === undefined || advanceMs <= 0) {
        throw new CliFailure(`\`${text}\` is no duration`, {
          exitCode: exitCodes.usage,
          hints: ['such as 90s, 15m, 1h, 2d or 1h30m'],
        })
      }
      const status = await ask(context, command, 'POST', '/clock', { advanceMs })
      await show(context, command, status, options.output)
    })
  clock
    .command('reset')
    .description('back to wall time')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (options: { output: string }, command: Command) => {
      const status = await ask(context, command, 'POST', '/clock', { reset: true })
      await show(context, command, status, options.output)
    })
  return clock
}

async function ask(
  context: CliContext,
  command: Command,
  method: 'GET' | 'POST',
  route: string,
  body?: unknown,
): Promise<LabStatus> {
  const home = homeOf(context, command)
  const answer = await askLab(home.controlSocket, method, route, body)
  if (answer?.status !== 200) throw notRunning(home)
  return answer.body as LabStatus
}

async function show(
  context: CliContext,
  _command: Command,
  status: LabStatus,
  output: string,
): Promise<void> {
  const { now, offsetMs } = status.clock
  const time = isoSeconds(now)
  if (output === 'json') {
    context.stdout.write(`${JSON.stringify({ now: time, offsetSeconds: offsetMs / 1000 })}\n`)
    return
  }
  const ahead = offsetMs === 0 ? 'wall time' : `${formatDuration(offsetMs)} ahead of wall time`
  context.stdout.write(`${time}   ${ahead}\n`)
}

function formatDuration(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ]
  let rest = ms
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return parts.join(' ') || '0s'
}
