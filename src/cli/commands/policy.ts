/** `podpass policy`: IAM policies without AWS: evaluate, test, compare, lint. */
import { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { type Input, standardInput } from '../policy/input.ts'
import { policyDiffCommand } from './policy-diff.ts'
import { policyEvalCommand } from './policy-eval.ts'
import { policyLintCommand } from './policy-lint.ts'
import { policyTestCommand } from './policy-test.ts'

/** `podpass policy eval | test | diff | lint`. */
export function policyCommand(context: CliContext, stdin: Input = standardInput()): Command {
  return new Command('policy')
    .description('evaluate, test, compare and lint IAM policies, without AWS')
    .addCommand(policyEvalCommand(context, stdin))
    .addCommand(policyTestCommand(context, stdin))
    .addCommand(policyDiffCommand(context, stdin))
    .addCommand(policyLintCommand(context, stdin))
}
