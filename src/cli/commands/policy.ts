/** `podpass policy`: IAM policies without AWS: evaluate, test, compare, lint. */
import { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { policyDiffCommand } from './policy-diff.ts'
import { policyEvalCommand } from './policy-eval.ts'
import { policyLintCommand } from './policy-lint.ts'
import { policyTestCommand } from './policy-test.ts'

/** `podpass policy eval | test | diff | lint`. */
export function policyCommand(context: CliContext): Command {
  return new Command('policy')
    .description('evaluate, test, compare and lint IAM policies, without AWS')
    .addCommand(policyEvalCommand(context))
    .addCommand(policyTestCommand(context))
    .addCommand(policyDiffCommand(context))
    .addCommand(policyLintCommand(context))
}
