/** `podpass story`: five worlds, attacked for real on the running lab, and the table of what came of it. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { readSettings } from '../../lab/home.ts'
import { currentHolder } from '../../lab/lock.ts'
import { labVariables, readLabCredentials } from '../../lab/variables.ts'
import { awsAccess, awsFailure } from '../aws.ts'
import { apiFailure } from '../cluster-access.ts'
import { type CliContext, homeOf } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import type { StageOptions } from '../story/stage.ts'
import type { StoryResult } from '../story/story.ts'
import type { Language } from '../story/text.ts'
import { notRunning } from './status.ts'

interface Options {
  readonly cluster: string
  readonly lang?: Language
  readonly keep?: boolean
  readonly clean?: boolean
  readonly output: 'text' | 'json'
  readonly save?: string
}

export function storyCommand(context: CliContext): Command {
  return new Command('story')
    .description('watch a cracked pod attack its neighbour: before IRSA, beside it, under it')
    .addOption(new Option('--lang <language>', 'language of the story').choices(['en', 'ja']))
    .option('-c, --cluster <name>', 'the cluster that it makes for itself', 'podpass-story')
    .option('--keep', 'leave everything in place afterwards, to look at')
    .option('--clean', 'only remove what an earlier story left in place')
    .addOption(
      new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'),
    )
    .option('--save <file>', 'also write the results there, as JSON')
    .addHelpText('after', help)
    .action(async (options: Options, command: Command) => {
      check(options)
      const stage = stageOptions(context, command, options)
      try {
        if (options.clean) await clean(context, stage, options)
        else if (!(await play(context, stage, options)).agrees) process.exitCode = exitCodes.failed
      } catch (error) {
        throw awsFailure(apiFailure(error), stage.aws.environment)
      }
    })
}

const help = `
It plays on the lab that runs (\`podpass up -d\`), in a cluster, a DB cluster and roles of its own, whose names all begin
with the cluster's; other clusters are not touched. The lab needs PostgreSQL. Without aws, psql or curl on PATH small
built-in ones stand in.
Exit codes: 0 every cell is as with the real systems, 1 one is not, 2 wrong usage, 3 no lab runs.

Examples:
  podpass story
  podpass story --lang ja
  podpass story --keep                      then: podpass why pod/pod-1-annotation -n irsa -c podpass-story
  podpass story --clean
  podpass story --output json | jq '.worlds[] | {world, cells: [.attacks[] | {attack, outcome, link: .deciding.link}]}'`

function check({ cluster }: Options): void {
  if (/^[a-z][a-z0-9-]{0,29}$/.test(cluster) && !/--|-$/.test(cluster)) return
  throw new CliFailure(`\`${cluster}\` cannot name the story's cluster and DB cluster`, {
    exitCode: exitCodes.usage,
    hints: ['small letters, digits and single hyphens, at most 30, such as podpass-story-2'],
  })
}

/** Always the lab of this home, whatever AWS the environment points at: what is made here is made to be attacked. */
function stageOptions(context: CliContext, command: Command, { cluster }: Options): StageOptions {
  const home = homeOf(context, command)
  const credentials = readLabCredentials(home)
  if (!currentHolder(home.lockFile) || !credentials) throw notRunning(home)
  const settings = readSettings(home)
  const others = Object.entries(context.environment).filter(([name]) => !name.startsWith('AWS_'))
  const environment = {
    ...Object.fromEntries(others),
    ...labVariables(home, settings, credentials),
  }
  const inLab = { ...context, environment }
  return {
    context: inLab,
    aws: awsAccess(inLab, command),
    name: cluster,
    account: settings.account,
    clusters: home.clusters,
  }
}

async function clean(context: CliContext, stage: StageOptions, options: Options): Promise<void> {
  const { clearStage } = await import('../story/stage.ts')
  const { text } = await wordsOf(context, options)
  await clearStage(stage, () => context.stderr.write(`  ${text.clearing}\n`))
}

async function play(
  context: CliContext,
  stageFor: StageOptions,
  options: Options,
): Promise<StoryResult> {
  const started = performance.now()
  const { text, painter } = await wordsOf(context, options)
  const [
    { clearStage, setStage },
    { playWorlds },
    { openRecords },
    { standInCommands },
    { progress },
  ] = await Promise.all([
    import('../story/stage.ts'),
    import('../story/play.ts'),
    import('../story/records.ts'),
    import('../story/tools.ts'),
    import('../story/progress.ts'),
  ])
  const tell = (part: string) => options.output === 'text' && context.stdout.write(part)
  const shown = progress(context, process.stderr.isTTY === true)
  const say = (what: string) => shown.say(text.setting[what] ?? what)
  const standIns = standInCommands(stageFor.aws.environment)
  await clearStage(stageFor, say)
  const stop = new AbortController()
  const interrupt = () => stop.abort(new CliFailure('stopped'))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const records = await openRecords(stageFor.aws, context.now)
    shown.clear()
    tell(painter.opening())
    const stage = await setStage(stageFor, say)
    const worlds = await playWorlds({
      stage,
      records,
      standIns,
      run: randomBytes(3).toString('hex'),
      signal: stop.signal,
      listener: {
        world: (world) => {
          shown.clear()
          tell(painter.world(world))
          shown.say(`${text.worlds[world]}: ${text.setting['world']}`)
        },
        podTwo: (_, result) => {
          shown.clear()
          tell(painter.podTwo(result))
        },
        attackBegins: (world, attack) =>
          shown.say(`${text.worlds[world]}: ${text.trying} ${text.attacks[attack]}`),
        attack: (world, result) => {
          shown.clear()
          tell(painter.attack(world, result))
        },
      },
    })
    const agrees = worlds.every((world) => world.agrees)
    const seconds = Math.round(performance.now() - started) / 1000
    const result = { cluster: stageFor.name, worlds, agrees, seconds }
    tell(painter.table(result))
    const json = `${JSON.stringify(result, null, 2)}\n`
    if (options.output === 'json') context.stdout.write(json)
    if (options.save) writeFileSync(options.save, json)
    if (options.keep) tell(`\n  ${text.next}:\n${kept(stageFor.name)}\n`)
    return result
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    if (!options.keep) {
      shown.say(text.clearing)
      await clearStage(stageFor, () => {})
    }
    shown.clear()
  }
}

function kept(cluster: string): string {
  return [
    `    podpass why pod/pod-1-annotation -n irsa -c ${cluster}`,
    `    podpass why pod/pod-1-metadata -n kube2iam -c ${cluster}`,
    `    podpass story --clean`,
  ].join('\n')
}

async function wordsOf(context: CliContext, { lang }: Options) {
  const { storyPainter } = await import('../story/render.ts')
  const language = lang ?? languageOf(context)
  const text =
    language === 'ja'
      ? (await import('../story/text-ja.ts')).japanese
      : (await import('../story/text-en.ts')).english
  return { text, painter: storyPainter(context, text) }
}

function languageOf({ environment: { LC_ALL, LC_MESSAGES, LANG } }: CliContext): Language {
  return (LC_ALL || LC_MESSAGES || LANG || '').startsWith('ja') ? 'ja' : 'en'
}
