/** `podpass policy diff`: which requests change their answer. */
import { Command, Option } from 'commander'
import { type CliContext, paint } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import type { Place } from '../policy/compare.ts'
import { type Input, parseYamlText, readFile, readText } from '../policy/input.ts'

export function policyDiffCommand(context: CliContext, stdin: Input): Command {
  return new Command('diff')
    .description('say which requests change their answer between two policy documents')
    .argument('<old>', 'a policy document')
    .argument('<new>', 'a policy document')
    .option(
      '-r, --requests <file>',
      'requests: JSON, JSON lines, or CloudTrail records; - is standard input (default: those recorded)',
    )
    .option('--principal <arn>', 'only requests by this user or role')
    .option('--region <region>', 'AWS region of the recorded requests')
    .addOption(
      new Option('--as <place>', 'what the documents are')
        .choices(['identity', 'resource', 'trust', 'boundary', 'session'])
        .default('identity'),
    )
    .addOption(
      new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', diffHelp)
    .action(async (before: string, after: string, options: DiffOptions, command: Command) => {
      const values = options.requests
        ? await readValues(await readText(options.requests, stdin), options.requests)
        : await recorded(context, command, options.region)
      await diff(context, values, [before, after], options)
    })
}

const diffHelp = `
Without --requests, those that the running lab has recorded (or the account, by AWS's CloudTrail) are asked again.
Given requests are eval cases or their bare requests, one a line or as a list; a test table's cases; or records of
CloudTrail, as \`aws cloudtrail lookup-events\` prints them.

Examples:
  podpass policy diff old.json new.json --principal arn:aws:iam::111122223333:role/reader
  podpass policy diff old.json new.json --requests cases.jsonl
  aws cloudtrail lookup-events | podpass policy diff old.json new.json --requests -

Exit codes: 0 no answer changes, 1 some change, 2 something cannot be read.`

interface DiffOptions {
  readonly requests?: string
  readonly principal?: string
  readonly region?: string
  readonly as: Place
  readonly output: string
}

async function diff(
  context: CliContext,
  values: readonly unknown[],
  [before, after]: readonly [string, string],
  { requests, principal, as, output }: DiffOptions,
): Promise<void> {
  const { compare } = await import('../policy/compare.ts')
  const { isBy, readRequests } = await import('../policy/recorded.ts')
  const { showDecision } = await import('../policy/show.ts')
  const cases = readRequests(values).filter((each) => !principal || isBy(each, principal))
  if (cases.length === 0) {
    const message = `no request${principal ? ` by \`${principal}\`` : ''} in ${requests ? `\`${requests}\`` : 'the records'}`
    throw new CliFailure(message, { exitCode: exitCodes.usage })
  }
  const { compared, unread } = compare(cases, readFile(before), readFile(after), as)
  const changed = compared.filter((each) => each.before.decision !== each.after.decision)
  if (output === 'json') {
    context.stdout.write(`${JSON.stringify({ requests: compared.length, changed, unread })}\n`)
  } else {
    for (const each of changed) {
      context.stdout.write(`${each.name}\n`)
      context.stdout.write(paint(context, 'red', `  - ${showDecision(each.before)}\n`))
      context.stdout.write(paint(context, 'green', `  + ${showDecision(each.after)}\n`))
    }
    context.stdout.write(`${changed.length} of ${compared.length} requests change their answer\n`)
  }
  if (unread.length > 0) {
    const message = `${unread.length} of the requests cannot be read`
    throw new CliFailure(message, { exitCode: exitCodes.usage, hints: unread.slice(0, 5) })
  }
  if (changed.length > 0) process.exitCode = exitCodes.failed
}

/** What the lab, or AWS, has recorded: the newest 2,000 requests. */
async function recorded(
  context: CliContext,
  command: Command,
  region: string | undefined,
): Promise<unknown[]> {
  const { awsAccess, awsFailure } = await import('../aws.ts')
  const { recordedEvents } = await import('../decisions.ts')
  const aws = awsAccess(context, command, region)
  try {
    const events: unknown[] = []
    for await (const event of recordedEvents(aws, context.now())) events.push(event)
    return events
  } catch (error) {
    throw awsFailure(error, aws.environment)
  }
}

/** One JSON value, YAML, or JSON lines. */
async function readValues(source: string, file: string): Promise<unknown[]> {
  const lines = source.split('\n').filter((line) => line.trim() !== '')
  try {
    return [JSON.parse(source) as unknown]
  } catch {
    // Not one value: each line may be one, else it may be YAML.
  }
  try {
    return lines.map((line) => JSON.parse(line) as unknown)
  } catch {
    return [await parseYamlText(source, file)]
  }
}
