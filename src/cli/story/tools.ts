/** The programs that the story's pods run, and what stands in for those that pods do not find. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../config/env.ts'
import { CliFailure } from '../failure.ts'
import { hasProgram, pathFolders } from '../programs.ts'
import type { StandIn, StandIns } from './pod-script.ts'

const versionMs = 20_000
const needed = ['base64', 'bash', 'cat', 'cp', 'mktemp', 'rm', 'sed', 'sleep', 'tr']

/**
 * For aws, curl and psql the command that does as much of their work as the story needs, for pods in which they do not run.
 * Throws where the machine lacks what nothing stands in for.
 */
export function standInCommands(environment: Environment): StandIns {
  const path = pathFolders(environment)
  const lacking = needed.filter((name) => !hasProgram(path, name))
  if (lacking.length > 0) {
    throw new CliFailure(
      `the story's pods need programs that are not on PATH: ${lacking.join(', ')}`,
      {
        hints: ['bash and coreutils have them:    apt-get install bash coreutils sed'],
      },
    )
  }
  const own = import.meta.url.endsWith('.ts') ? '../stand-in/main.ts' : '../stand-in/main.js'
  const main = fileURLToPath(new URL(own, import.meta.url))
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', main]
  const standIn = (name: string): StandIn => ({
    command: [...node, name],
    always: hasProgram(path, name) && !runs(name, environment),
  })
  return { aws: standIn('aws'), curl: standIn('curl'), psql: standIn('psql') }
}

/** A program on PATH may still not run, such as one whose interpreter is in a folder of somebody else. */
function runs(name: string, environment: Environment): boolean {
  const { status } = spawnSync(name, ['--version'], { env: environment, timeout: versionMs })
  return status === 0
}
