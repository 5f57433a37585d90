/** The environment, read in one place: what Podpass takes from it, by name. */
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The variables that Podpass and the clients it stands in for look at. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The process's environment, for the roots (cli, lab); nothing below them reads it. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

/** Where a lab keeps its data: `--home`, else PODPASS_HOME, else `~/.podpass`; always absolute. */
export function homeDirectory(environment: Environment, option?: string): string {
  return resolve(option ?? environment['PODPASS_HOME'] ?? join(homedir(), '.podpass'))
}

/** Where running labs announce themselves: sockets and port notes, for this user only. */
export function runtimeDirectory(environment: Environment, userId: number): string {
  const given = environment['XDG_RUNTIME_DIR']
  return given ? join(given, 'podpass') : join(tmpdir(), `podpass-${userId}`)
}
