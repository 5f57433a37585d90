/** `podpass tutorial`: the whole story on a lab of its own, each command shown with what came of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { runtimeDirectory } from '../../config/env.ts'
import { homeAt, readSettings } from '../../lab/home.ts'
import { labVariables, readLabCredentials } from '../../lab/variables.ts'
import { type CliContext, paint } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { hasProgram, pathFolders } from '../programs.ts'
import type { Language, Step } from '../tutorial/steps.ts'
import type { Result, Tools } from '../tutorial/tools.ts'

interface Options {
  readonly keep?: boolean
  readonly lang?: Language
}

export function tutorialCommand(context: CliContext): Command {
  return new Command('tutorial')
    .description('watch the IRSA tutorial done, on a lab of its own')
    .option('--keep', 'leave the lab running afterwards')
    .addOption(
      new Option('--lang <language>', 'language of the explanations').choices(['en', 'ja']),
    )
    .addHelpText(
      'after',
      `
It uses the real kubectl and aws where they are on PATH, and says which it missed.
Exit codes: 0 every step ended as it should, 1 one did not.

Examples:
  podpass tutorial
  podpass tutorial --lang ja --keep`,
    )
    .action((options: Options) => play(context, options))
}

async function play(context: CliContext, options: Options): Promise<void> {
  const started = performance.now()
  const language = options.lang ?? languageOf(context)
  const root = mkdtempSync(join(tmpdir(), 'podpass-tutorial-'))
  const home = homeAt(root, runtimeDirectory(context.environment, context.userId))
  const { tools, run } = await import('../tutorial/tools.ts')
  const { steps } = await import('../tutorial/steps.ts')
  const path = pathFolders(context.environment)
  const has = { kubectl: hasProgram(path, 'kubectl'), aws: hasProgram(path, 'aws') }
  const base = { ...context.environment, PODPASS_HOME: root, NO_COLOR: '1' }
  const up = ['up', '-d', '--aws-port', '0', '--issuer-port', '0', '--kubernetes-port', '0']
  try {
    const podpass = tools(base, has).podpass
    say(context, `${paint(context, 'bold', '$ podpass up -d')}`)
    const lab = await podpass(...up)
    if (lab.exitCode !== 0) throw new CliFailure(`the lab did not start: ${lab.output.trim()}`)
    const settings = readSettings(home)
    const credentials = readLabCredentials(home)
    if (!credentials) throw new CliFailure('the lab left no credentials')
    const variables = labVariables(home, settings, credentials)
    const environment = { ...base, ...variables }
    say(context, dimmed(context, `AWS on ${variables['AWS_ENDPOINT_URL']}, data in ${root}`))
    const kit = tools(environment, has)
    for (const name of kit.missing) say(context, stoodIn(name))
    for (const step of steps(settings.region)) await perform(context, kit, step, language)
    await summary(context, kit, started, root, options.keep ?? false, language)
  } finally {
    if (!options.keep) {
      await run(process.execPath, [process.argv[1] ?? '', 'down', '--home', root], base)
      rmSync(root, { recursive: true, force: true })
    }
  }
}

async function perform(
  context: CliContext,
  kit: Tools,
  step: Step,
  language: Language,
): Promise<void> {
  say(context, `\n${paint(context, 'bold', `$ ${step.typed}`)}`)
  const result = await step.run(kit)
  say(context, dimmed(context, shortened(result)))
  const problem = step.check(result)
  if (problem) {
    throw new CliFailure(`this step did not end as it should: ${problem}`, {
      hints: ['a lab that stays to look at:    podpass tutorial --keep'],
    })
  }
  say(context, `${paint(context, 'green', '→')} ${step.why[language]}`)
}

async function summary(
  context: CliContext,
  kit: Tools,
  started: number,
  root: string,
  kept: boolean,
  language: Language,
): Promise<void> {
  const [before, after] = await Promise.all([kit.logs('pod-before'), kit.logs('pod-after')])
  const cut = (result: Result) => result.output.trim().split('\n').at(-1)?.slice(0, 150) ?? ''
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const words = {
    en: { done: 'every step ended as it should', next: 'try next' },
    ja: { done: 'すべての手順が期待どおりに終わりました', next: '次に試すこと' },
  }[language]
  say(context, `\npod-before   ${paint(context, 'red', '✘')}  ${cut(before)}`)
  say(context, `pod-after    ${paint(context, 'green', '✔')}  ${cut(after)}`)
  say(context, `\n${words.done} (${seconds} s)`)
  const env = kept ? `eval "$(npx podpass env --home ${root})"` : 'npm start'
  say(
    context,
    `\n${words.next}:\n  ${env}\n  podpass why pod/pod-after\n  podpass clock advance 1h`,
  )
}

function languageOf(context: CliContext): Language {
  const { LC_ALL, LC_MESSAGES, LANG } = context.environment
  return (LC_ALL || LC_MESSAGES || LANG || '').startsWith('ja') ? 'ja' : 'en'
}

function stoodIn(name: string): string {
  return name === 'aws'
    ? 'note: no aws on PATH: a small built-in command on the AWS SDK stands in for it, in the pods too'
    : 'note: no kubectl on PATH: its steps go through the Kubernetes client library'
}

function shortened(result: Result): string {
  const lines = result.output.trimEnd().split('\n')
  const shown = lines.length > 24 ? [...lines.slice(0, 23), '…'] : lines
  return shown.join('\n')
}

function dimmed(context: CliContext, text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${paint(context, 'dim', line)}`)
    .join('\n')
}

function say(context: CliContext, text: string): void {
  context.stdout.write(`${text}\n`)
}
