/** `podpass aws`: a few of the AWS command line's commands, for machines that have none. */
import { Command } from 'commander'
import type { CliContext } from '../context.ts'

export function awsCommand(context: CliContext): Command {
  return new Command('aws')
    .description(
      'a small stand-in for the AWS command line (s3 ls|cp|rm|mb, s3api list-buckets, sts get-caller-identity)',
    )
    .argument('[words...]', 'as the real one takes them')
    .helpOption(false)
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
Examples:
  podpass aws s3 ls
  podpass aws sts get-caller-identity`,
    )
    .action(async (words: string[]) => {
      const { runAws } = await import('../stand-in/aws.ts')
      process.exitCode = await runAws(context, words)
    })
}
