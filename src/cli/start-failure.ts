/** Why a lab could not start, in words that name the fix. */
import { HomeError } from '../lab/home.ts'
import { LabInUse, PodNetworkImpossible, PortTaken } from '../lab/start-errors.ts'
import { CliFailure } from './failure.ts'

/** Turns what `startLab` throws into a failure for people; what it does not know it passes on. */
export function explainStartFailure(error: unknown): unknown {
  if (error instanceof LabInUse) {
    return new CliFailure(
      `podpass runs already in \`${error.holder.home}\` (pid ${error.holder.pid})`,
      {
        hints: [
          'use it:    eval "$(podpass env)"',
          'stop it:    podpass down',
          'or start a second one:    podpass up --home ~/.podpass-2 --aws-port 0 --issuer-port 0',
        ],
      },
    )
  }
  if (error instanceof PortTaken) {
    const by = error.holder
      ? `another podpass (home ${error.holder.home}, pid ${error.holder.pid})`
      : 'another program'
    return new CliFailure(`port ${error.port} is taken by ${by}`, {
      hints: [
        ...(error.holder ? [`use it:    eval "$(podpass env --home ${error.holder.home})"`] : []),
        `or take another:    podpass up ${error.holder ? '--home ~/.podpass-2 ' : ''}${error.flag} 0`,
      ],
    })
  }
  if (error instanceof HomeError) {
    return new CliFailure(error.message, { hints: [`start afresh:    ${error.fix}`], cause: error })
  }
  if (error instanceof PodNetworkImpossible) {
    return new CliFailure(error.message, {
      hints: ["share this machine's:    podpass up --pod-network host"],
    })
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOSPC') {
    return new CliFailure((error as Error).message, {
      hints: ['choose another folder:    podpass up --home DIR'],
      cause: error,
    })
  }
  return error
}
