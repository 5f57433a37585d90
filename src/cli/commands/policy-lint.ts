/** `podpass policy lint`: what AWS refuses, and what it takes but nobody means. */
import { Command, Option } from 'commander'
import type { PolicyKind } from '../../kernel/policy/policy.ts'
import { type CliContext, paint } from '../context.ts'
import { exitCodes } from '../failure.ts'
import { type Input, readLintData, readText } from '../policy/input.ts'

const kinds: readonly PolicyKind[] = [
  ...([
    'identity',
    'managed',
    'trust',
    'resource',
    'resource-based',
    'boundary',
    'session',
  ] as const),
  ...(['service-control', 'resource-control', 'endpoint'] as const),
]

export function policyLintCommand(context: CliContext, stdin: Input): Command {
  return new Command('lint')
    .description('warn of what AWS refuses, and of what it takes but nobody means')
    .argument('<file...>', 'policy documents; - is standard input')
    .addOption(
      new Option(
        '--as <kind>',
        'where the document is stored (default: told from its elements)',
      ).choices(kinds),
    )
    .option('--strict', 'fail on warnings, too')
    .addOption(
      new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing found, 1 AWS would refuse it (with --strict: anything found), 2 wrong usage.',
    )
    .action(async (files: string[], options: LintOptions) => {
      await lint(context, stdin, files, options)
    })
}

interface LintOptions {
  readonly as?: PolicyKind
  readonly strict?: boolean
  readonly output: string
}

async function lint(
  context: CliContext,
  stdin: Input,
  files: readonly string[],
  options: LintOptions,
): Promise<void> {
  const { lintPolicy } = await import('../../kernel/policy/policy.ts')
  const { guessKind } = await import('../policy/guess-kind.ts')
  const { showPlace } = await import('../policy/show.ts')
  const data = await readLintData()
  let errors = 0
  let warnings = 0
  for (const file of files) {
    const source = await readText(file, stdin)
    const kind = options.as ?? guessKind(source)
    for (const finding of lintPolicy(source, kind, data)) {
      if (finding.severity === 'error') errors++
      else warnings++
      const place = showPlace(file, source, finding.span?.start)
      if (options.output === 'json') {
        context.stdout.write(`${JSON.stringify({ file, place, ...finding })}\n`)
        continue
      }
      const style = finding.severity === 'error' ? 'red' : 'yellow'
      const head = paint(context, style, finding.severity)
      context.stdout.write(`${place}: ${head}: ${finding.message} (${finding.rule})\n`)
      if (finding.suggestion) context.stdout.write(`    did you mean  ${finding.suggestion}\n`)
    }
  }
  if (options.output !== 'json') context.stdout.write(`${errors} errors, ${warnings} warnings\n`)
  if (errors > 0 || (options.strict && warnings > 0)) process.exitCode = exitCodes.failed
}
