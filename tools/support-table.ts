/** Writes docs/support/: which operations of each service are served, and which tests name them. `--verify` only compares. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadModel } from '../src/aws/protocol/load-model.ts'
import { services } from '../test/support/access-table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** A file names at most so many tests of an operation; the others are easily found. */
const shownMax = 4

const titles: Readonly<Record<string, string>> = {
  cloudtrail: 'CloudTrail',
  eks: 'EKS',
  iam: 'IAM',
  rds: 'RDS',
  s3: 'S3',
  sts: 'STS',
}

export interface SupportTable {
  /** In `docs/support/`. */
  readonly file: string
  readonly text: string
  /** Served operations that no test names. */
  readonly untested: readonly string[]
}

/** The tables of all services, as they should be. */
export function supportTables(): readonly SupportTable[] {
  const tests = globSync(['src/**/*.test.ts', 'test/*.test.ts'], { cwd: root })
    .sort()
    .map((path) => ({ path, words: wordsOf(readFileSync(`${root}/${path}`, 'utf8')) }))
  return Object.entries(services).map(([service, operations]) => {
    const names = Object.keys(loadModel(service).operations).sort()
    const rows = names.map((name) => {
      const operation = operations[name]
      const served = operation !== undefined && operation !== 'not-implemented'
      const namedBy = served ? tests.filter(({ words }) => isNamed(name, words)) : []
      const paths = namedBy.map(({ path }) => path)
      return { name, served, tests: paths.sort((a, b) => rank(service, a) - rank(service, b)) }
    })
    const untested = rows.filter(({ served, tests }) => served && tests.length === 0)
    return {
      file: `${service}.md`,
      text: page(service, rows),
      untested: untested.map(({ name }) => name),
    }
  })
}

interface Row {
  readonly name: string
  readonly served: boolean
  readonly tests: readonly string[]
}

/** The service's own tests first, then those with real clients, then whoever mentions it. */
function rank(service: string, path: string): number {
  if (path.startsWith(`src/aws/${service}/`)) return 0
  return path.startsWith('test/') ? 1 : 2
}

function page(service: string, rows: readonly Row[]): string {
  const served = rows.filter((row) => row.served)
  const lines = [
    `# ${titles[service] ?? service}: operations`,
    '',
    `${served.length} of the ${rows.length} operations of AWS's API model are served. Made by \`tools/support-table.ts\` from the service's`,
    `own table. Who may call them: [vectors/access/${service}.txt](../../vectors/access/${service}.txt); where they differ from AWS's:`,
    '[differences.md](../differences.md).',
    '',
    '| operation | tested by |',
    '| --- | --- |',
    ...served.map(({ name, tests }) => `| ${name} | ${shown(tests)} |`),
    '',
  ]
  const refused = rows.filter((row) => !row.served)
  if (refused.length > 0) {
    lines.push(
      'Refused by name, so that a client sees at once that it asks for what is not here:',
      '',
      ...refused.map(({ name }) => `- ${name}`),
      '',
    )
  }
  return lines.join('\n')
}

function shown(tests: readonly string[]): string {
  const first = tests.slice(0, shownMax).map((path) => `[${path}](../../${path})`)
  const more = tests.length - first.length
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/**
 * Names as tests write them: `CreateRole` in requests, `CreateRoleCommand` of the SDK, `create-role` of the aws
 * command, and `Tag${kind}` for every `kind of [...]` that a file goes through.
 */
function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>(text.match(/[A-Za-z0-9]+(?:-[a-z0-9]+)*/g))
  const lists = text.match(/(?<=const kind of \[)[^\]]*/g) ?? []
  const kinds = lists.flatMap((list) => list.match(/\w+/g) ?? [])
  for (const template of text.match(/\w*\$\{kind\}\w*/g) ?? []) {
    for (const kind of kinds) words.add(template.replace(/\$\{kind\}/, kind))
  }
  return words
}

function isNamed(name: string, words: ReadonlySet<string>): boolean {
  return [name, `${name}Command`, kebab(name)].some((form) => words.has(form))
}

/** As the aws command spells it: `ListOpenIDConnectProviders` → `list-open-id-connect-providers`. */
function kebab(name: string): string {
  return name
    .replace(/OpenIDConnect/g, 'OpenIdConnect')
    .replace(/V2$/, '-v2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}

if (import.meta.main) {
  const verify = process.argv.includes('--verify')
  mkdirSync(`${root}/docs/support`, { recursive: true })
  for (const { file, text, untested } of supportTables()) {
    const path = `${root}/docs/support/${file}`
    if (untested.length > 0) {
      process.stderr.write(`${file}: no test names ${untested.join(', ')}\n`)
      process.exitCode = 1
    }
    if (!verify) writeFileSync(path, text)
    else if (readFileSync(path, 'utf8') !== text) {
      process.stderr.write(`docs/support/${file} is stale: node tools/support-table.ts\n`)
      process.exitCode = 1
    }
  }
}
