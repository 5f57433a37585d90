/** Writes docs/support/: which operations of each service are served, and which tests name them. `--verify` only compares. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { modelOf, ownModels, services } from '../test/support/access-services.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** So many tests of an operation are shown; the others are easily found. */
const shownMax = 2

const titles: Readonly<Record<string, string>> = {
  cloudtrail: 'CloudTrail',
  ec2: 'EC2',
  eks: 'EKS',
  'eks-auth': 'EKS Auth',
  iam: 'IAM',
  rds: 'RDS',
  s3: 'S3',
  secretsmanager: 'Secrets Manager',
  sts: 'STS',
}

export interface SupportTable {
  /** In `docs/support/`. */
  readonly file: string
  readonly text: string
  /** Served operations that no test names. */
  readonly untested: readonly string[]
  /** What is wrong with a table as it was written; empty where nothing is. Other tests than those shown may come. */
  problemsOf(written: string): readonly string[]
}

/** The tables of all services, as they should be. */
export function supportTables(): readonly SupportTable[] {
  const tests = globSync(['src/**/*.test.ts', 'test/*.test.ts'], { cwd: root })
    .sort()
    .map((path) => ({ path, words: wordsOf(readFileSync(`${root}/${path}`, 'utf8')) }))
  return Object.entries(services).map(([service, operations]) => {
    const names = Object.keys(modelOf(service).operations).sort()
    const rows = names.map((name) => {
      const operation = operations[name]
      const served = operation !== undefined && operation !== 'not-implemented'
      const namedBy = served ? tests.filter(({ words }) => isNamed(name, words)) : []
      const paths = namedBy.map(({ path }) => path)
      return { name, served, tests: paths.sort((a, b) => rank(service, a) - rank(service, b)) }
    })
    const untested = rows.filter(({ served, tests }) => served && tests.length === 0)
    const text = page(service, rows)
    return {
      file: `${service}.md`,
      text,
      untested: untested.map(({ name }) => name),
      problemsOf: (written) => problemsOf(written, text, rows),
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
    ...introduction(service, served.length, rows.length),
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

function introduction(service: string, served: number, all: number): readonly string[] {
  const made = "Made by `tools/support-table.ts` from the service's"
  return service in ownModels
    ? [
        'These operations are served, and any other is refused by name: the model here, written by hand, knows no more.',
        made,
      ]
    : [`${served} of the ${all} operations of AWS's API model are served. ${made}`]
}

function shown(tests: readonly string[]): string {
  return tests
    .slice(0, shownMax)
    .map((path) => `[${path}](../../${path})`)
    .join(', ')
}

/** All but the shown tests must be as it would be made now; each of those must still name its operation. */
function problemsOf(written: string, text: string, rows: readonly Row[]): readonly string[] {
  const withoutTests = (page: string) => page.replace(/^(\| \w+ \|) \[.*$/gm, '$1')
  const problems = withoutTests(written) === withoutTests(text) ? [] : ['it is stale']
  for (const { name, tests } of rows) {
    const line = new RegExp(`^\\| ${name} \\| .*$`, 'm').exec(written)?.[0] ?? ''
    for (const [, path = ''] of line.matchAll(/\[([^\]]+)\]/g)) {
      if (!tests.includes(path)) problems.push(`${path} does not name ${name}`)
    }
  }
  return problems
}

/**
 * Names as tests write them: `CreateRole` in requests, `CreateRoleCommand` of the SDK, `create-role` of the aws
 * command, and `Tag${kind}` or `delete-${kind}` for every `kind of [...]` that a file goes through.
 */
function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>(text.match(/[A-Za-z0-9]+(?:-[a-z0-9]+)*/g))
  const lists = text.match(/(?<=const kind of \[)[^\]]*/g) ?? []
  const kinds = lists.flatMap((list) => list.match(/[\w-]+/g) ?? [])
  for (const template of text.match(/[\w-]*\$\{kind\}\w*/g) ?? []) {
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
  for (const { file, text, untested, problemsOf: check } of supportTables()) {
    const path = `${root}/docs/support/${file}`
    const problems = untested.map((name) => `no test names ${name}`)
    if (verify) problems.push(...check(readFileSync(path, 'utf8')))
    else writeFileSync(path, text)
    if (problems.length > 0) {
      process.stderr.write(`docs/support/${file}: ${problems.join('; ')}\n`)
      process.exitCode = 1
    }
  }
}
