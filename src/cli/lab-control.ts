/** Asks a running lab over its control socket to change something. */
import type { Command } from 'commander'
import { askLab } from '../lab/control.ts'
import { notRunning } from './commands/status.ts'
import { type CliContext, homeOf } from './context.ts'
import { CliFailure } from './failure.ts'

/** The lab's answer; its refusal becomes a CliFailure, and so does a lab that does not run. */
export async function administerLab<T>(
  context: CliContext,
  command: Command,
  route: '/accounts' | '/issuer',
  request: object,
  hints: readonly string[] = [],
): Promise<T> {
  const home = homeOf(context, command)
  const answer = await askLab(home.controlSocket, 'POST', route, request)
  if (!answer) throw notRunning(home)
  if (answer.status < 300) return answer.body as T
  const { message } = answer.body as { message?: string }
  throw new CliFailure(message ?? `the lab answers ${answer.status}`, { hints })
}
