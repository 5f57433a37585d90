/** The programs that the story's pods run, and what stands in for those that the machine lacks. */
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../config/env.ts'
import { hasProgram, pathFolders } from '../programs.ts'
import type { StandIns } from './pod-script.ts'

/** Each program that is not on PATH, with the command that does as much of its work as the story needs. */
export function missingTools(environment: Environment): StandIns {
  const path = pathFolders(environment)
  const missing = (['aws', 'psql', 'curl'] as const).filter((name) => !hasProgram(path, name))
  const own = import.meta.url.endsWith('.ts') ? '../stand-in/main.ts' : '../stand-in/main.js'
  const main = fileURLToPath(new URL(own, import.meta.url))
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', main]
  return Object.fromEntries(missing.map((name) => [name, [...node, name]]))
}
