/** `podpass policy eval`: answers cases. */
import { Command, Option } from 'commander'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { type Input, parseJsonText, readText } from '../policy/input.ts'

export function policyEvalCommand(context: CliContext, stdin: Input): Command {
  return new Command('eval')
    .description('answer one case, or a case a line')
    .argument('[file]', 'the case as JSON; - is standard input', '-')
    .option('--lines', 'a case a line in, an answer a line out')
    .option('--explain', 'show every statement and why it matched or not')
    .addOption(
      new Option('-o, --output <format>', 'json or text').choices(['json', 'text']).default('json'),
    )
    .addHelpText('after', evalHelp)
    .action(
      async (file: string, options: { lines?: boolean; explain?: boolean; output: string }) => {
        const explain = options.explain ?? false
        if (options.lines) await evalLines(context, file, explain, stdin)
        else await evalOne(context, file, stdin, { explain, output: options.output })
      },
    )
}

const evalHelp = `
A case: {"request": {"principal": ARN or {"kind": …}, "action": "s3:GetObject", "resource": ARN,
  "resourceAccount": "…", "context": {"aws:SourceIp": "…"}},
  "identityPolicies": […], "permissionsBoundaries": […], "sessionPolicy": …, "resourcePolicy": …,
  "serviceControlPolicies": [[…] a level], "resourceControlPolicies": [[…]], "endpointPolicies": […]}
A policy is a document, its JSON text, or {"name", "arn", "document"}.
An answer: {"decision": "allowed" | "explicitDeny" | "implicitDeny", "deniedBy", "reason", "determining": […]}.

Examples:
  podpass policy eval case.json --explain -o text
  podpass policy eval --lines < cases.jsonl > answers.jsonl

Exit codes: 0 answered, 2 the case cannot be read.`

async function evalOne(
  context: CliContext,
  file: string,
  stdin: Input,
  { explain, output }: { explain: boolean; output: string },
): Promise<void> {
  const { evaluateCase } = await import('../../kernel/policy/policy.ts')
  const answer = evaluateCase(parseJsonText(await readText(file, stdin), file), { explain })
  if ('error' in answer) throw new CliFailure(answer.error, { exitCode: exitCodes.usage })
  if (output === 'json') {
    context.stdout.write(`${JSON.stringify(answer, null, explain ? 2 : undefined)}\n`)
    return
  }
  const { nearMisses, showDecision, showWalk } = await import('../policy/show.ts')
  const lines = explain ? showWalk(answer.walk ?? []) : nearMisses(answer)
  context.stdout.write(
    `${[showDecision(answer), ...lines.map((line) => `  ${line}`)].join('\n')}\n`,
  )
}

async function evalLines(
  context: CliContext,
  file: string,
  explain: boolean,
  stdin: Input,
): Promise<void> {
  const { createReadStream } = await import('node:fs')
  const { evaluateLines } = await import('../policy/evaluate-lines.ts')
  const input: Input = file === '-' ? stdin : createReadStream(file, 'utf8')
  const faulty = await evaluateLines(input, context.stdout, { explain })
  if (faulty === 0) return
  const message = `${faulty} of the lines ${faulty === 1 ? 'is' : 'are'} no case; their answers say why`
  throw new CliFailure(message, { exitCode: exitCodes.usage })
}
