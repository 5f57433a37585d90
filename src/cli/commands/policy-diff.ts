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
    .requiredOption(
      '-r, --requests <file>',
      'requests: JSON, JSON lines, or CloudTrail records; - is standard input',
    )
    .addOption(
      new Option('--as <place>', 'what the documents are')
        .choices(['identity', 'resource', 'trust', 'boundary', 'session'])
        .default('identity'),
    )
    .addOption(
      new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', diffHelp)
    .action(async (before: string, after: string, options: DiffOptions) => {
      await diff(context, stdin, [before, after], options)
    })
}

const diffHelp = `
Requests are eval cases or their bare requests, one a line or as a list; a test table's cases; or records of
CloudTrail, as \`aws cloudtrail lookup-events\` prints them.

Examples:
  podpass policy diff old.json new.json --requests cases.jsonl
  aws cloudtrail lookup-events | podpass policy diff old.json new.json --requests -

Exit codes: 0 no answer changes, 1 some change, 2 something cannot be read.`

interface DiffOptions {
  readonly requests: string
  readonly as: Place
  readonly output: string
}

async function diff(
  context: CliContext,
  stdin: Input,
  [before, after]: readonly [string, string],
  { requests, as, output }: DiffOptions,
): Promise<void> {
  const { compare } = await import('../policy/compare.ts')
  const { readRequests } = await import('../policy/recorded.ts')
  const { showDecision } = await import('../policy/show.ts')
  const cases = readRequests(await readValues(await readText(requests, stdin), requests))
  if (cases.length === 0) {
    const message = `\`${requests}\` holds no request`
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
