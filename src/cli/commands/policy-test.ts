/** `podpass policy test`: a table of cases as a unit test of policies. */
import { Command } from 'commander'
import { type CliContext, paint } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { type Input, parseYamlText, readFile, readText } from '../policy/input.ts'

export function policyTestCommand(context: CliContext, stdin: Input): Command {
  return new Command('test')
    .description('run a table of cases as a unit test of policies')
    .argument('<file>', 'YAML or JSON; - is standard input')
    .option('--quiet', 'show only what fails')
    .addHelpText('after', testHelp)
    .action(async (file: string, { quiet }: { quiet?: boolean }) => {
      const { besideTable, runTable } = await import('../policy/test-table.ts')
      const table = await parseYamlText(await readText(file, stdin), file)
      const results = runTable(table, besideTable(file, readFile))
      if ('error' in results) throw new CliFailure(results.error, { exitCode: exitCodes.usage })
      for (const { name, outcome, lines } of results) {
        if (quiet && outcome === 'passed') continue
        const mark =
          outcome === 'passed' ? paint(context, 'green', '✔') : paint(context, 'red', '✘')
        context.stdout.write(`${mark} ${name}\n`)
        for (const line of lines) context.stdout.write(`    ${line}\n`)
      }
      const count = (outcome: string) => results.filter((r) => r.outcome === outcome).length
      const broken = count('broken')
      const summary = `${count('passed')} passed, ${count('failed')} failed`
      context.stdout.write(`${summary}${broken ? `, ${broken} broken` : ''}\n`)
      if (broken > 0) {
        const message = `${broken} of the cases cannot be read`
        throw new CliFailure(message, { exitCode: exitCodes.usage })
      }
      if (count('failed') > 0) process.exitCode = exitCodes.failed
    })
}

const testHelp = `
A table:
  policies:
    reader: {file: reader.json}              # or the document itself
  defaults:
    request: {principal: "arn:aws:iam::111122223333:user/ann", context: {"aws:SecureTransport": "true"}}
    identityPolicies: [reader]
  cases:
    - name: reads reports
      request: {action: s3:GetObject, resource: "arn:aws:s3:::reports/q3.csv"}
      expect: allowed                        # explicitDeny, implicitDeny, denied
    - name: writes nothing
      request: {action: s3:PutObject, resource: "arn:aws:s3:::reports/q3.csv"}
      expect: {decision: implicitDeny, deniedBy: identity}

Exit codes: 0 all passed, 1 some failed, 2 the table cannot be read.`
