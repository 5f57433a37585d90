/** `--include` and `--exclude`: which of the ServiceAccounts of a ClusterConfig a command means. */
import { compileGlob, globPieces } from '../kernel/policy/glob.ts'
import { CliFailure, exitCodes } from './failure.ts'

/** Globs over `<namespace>/<name>`: `*` and `?` stand for any text and any letter, the slash too. */
export interface NameFilter {
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

/** Those that an include glob fits, where there is one, and no exclude glob. Throws a CliFailure where the first fits none. */
export function chosen<T extends { readonly namespace: string; readonly name: string }>(
  accounts: readonly T[],
  { include = [], exclude = [] }: NameFilter,
): T[] {
  const included = include.length === 0 ? accounts : accounts.filter(fits(include))
  if (include.length > 0 && included.length === 0) {
    const globs = include.join(',')
    throw new CliFailure(`no ServiceAccount of the ClusterConfig fits \`--include ${globs}\``, {
      exitCode: exitCodes.usage,
      hints: ['it is a glob over namespace/name, such as `backend/*`'],
    })
  }
  const excluded = fits(exclude)
  return included.filter((account) => !excluded(account))
}

function fits(globs: readonly string[]) {
  const compiled = globs.map((glob) => compileGlob(globPieces(glob)))
  return ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
    compiled.some((glob) => glob.matches(`${namespace}/${name}`))
}
