/** The table of commands. Only the one that is typed is loaded, so that every start is quick. */
import { Command } from 'commander'
import type { CliContext } from './context.ts'

type Make = (context: CliContext) => Command

/** A row: the command's name, its line in the help, and where it is made. */
export interface CommandRow {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Make>
}

const groups = () => import('./command-groups.ts')

export const commandRows: readonly CommandRow[] = [
  row(
    'up',
    'start the lab: AWS side, issuer and clusters',
    async () => (await import('./commands/up.ts')).upCommand,
  ),
  row(
    'down',
    'stop the lab; its data stays',
    async () => (await import('./commands/down.ts')).downCommand,
  ),
  row(
    'status',
    'say what runs in this home',
    async () => (await import('./commands/status.ts')).statusCommand,
  ),
  row(
    'logs',
    "print the lab's log (JSON lines)",
    async () => (await import('./commands/logs.ts')).logsCommand,
  ),
  row(
    'reset',
    'forget everything: clusters, roles, buckets, keys, settings',
    async () => (await import('./commands/reset.ts')).resetCommand,
  ),
  row(
    'env',
    'print the variables for aws, kubectl and the SDKs, as shell commands',
    async () => (await import('./commands/env.ts')).envCommand,
  ),
  row(
    'clock',
    "show or move the lab's clock",
    async () => (await import('./commands/clock.ts')).clockCommand,
  ),
  row(
    'create',
    'make a cluster, a ServiceAccount with a role, or an account',
    async () => (await groups()).createCommand,
  ),
  row(
    'get',
    'list clusters, node groups, Fargate profiles, or ServiceAccounts with roles',
    async () => (await groups()).getCommand,
  ),
  row('update', 'change the role of a ServiceAccount', async () => (await groups()).updateCommand),
  row(
    'delete',
    'delete a cluster, or the role of a ServiceAccount',
    async () => (await groups()).deleteCommand,
  ),
  row(
    'utils',
    'OIDC provider, kubeconfig, move to Pod Identity',
    async () => (await groups()).utilsCommand,
  ),
  row(
    'node',
    'what pods find at the metadata address of their node',
    async () => (await import('./commands/node.ts')).nodeCommand,
  ),
  row(
    'issuer',
    "list, rotate and retire the signing keys of a cluster's OIDC issuer",
    async () => (await import('./commands/issuer.ts')).issuerCommand,
  ),
  row(
    'token',
    'print an EKS token as kubectl wants it (what `aws eks get-token` prints)',
    async () => (await import('./commands/token.ts')).tokenCommand,
  ),
  row(
    'why',
    'explain a decision: each link of the chain, where it broke, what mends it',
    async () => (await import('./commands/why.ts')).whyCommand,
  ),
  row(
    'policy',
    'evaluate, test, compare and lint IAM policies, without AWS',
    async () => (await import('./commands/policy.ts')).policyCommand,
  ),
  row(
    'tutorial',
    'watch the IRSA tutorial done, on a lab of its own',
    async () => (await import('./commands/tutorial.ts')).tutorialCommand,
  ),
  row(
    'story',
    'watch a cracked pod attack its neighbour: before IRSA, beside it, under it',
    async () => (await import('./commands/story.ts')).storyCommand,
  ),
  row(
    'serve',
    'run IAM and STS in production, many processes on one PostgreSQL',
    async () => (await import('./commands/serve.ts')).serveCommand,
  ),
  row(
    'aws',
    'a small stand-in for the AWS command line (s3 ls|cp|rm|mb, s3api list-buckets, sts get-caller-identity)',
    async () => (await import('./commands/aws.ts')).awsCommand,
  ),
  row(
    'completion',
    'print the completion script of a shell',
    async () => (await import('./commands/completion.ts')).completionCommand,
  ),
]

/**
 * Adds the commands to the program: the one that `words` (what follows `podpass`) names in full, the others by their line
 * in the help. `help` and completion need all.
 */
export async function registerCommands(
  program: Command,
  context: CliContext,
  words: readonly string[],
): Promise<void> {
  const typed = typedCommand(words)
  const needsAll = typed === 'help' || typed === 'complete'
  for (const { name, summary, load } of commandRows) {
    const made = typed === name || needsAll ? (await load())(context) : new Command(name)
    program.addCommand(inherit(made.description(summary), program))
  }
  if (typed !== 'complete') return
  const { completeCommand } = await import('./commands/completion.ts')
  program.addCommand(completeCommand(context), { hidden: true })
}

/** The first word that is neither an option nor an option's value. */
function typedCommand(words: readonly string[]): string | undefined {
  let isValue = false
  for (const word of words) {
    if (isValue) isValue = false
    else if (word === '--home') isValue = true
    else if (!word.startsWith('-')) return word
  }
  return undefined
}

function row(name: string, summary: string, load: () => Promise<Make>): CommandRow {
  return { name, summary, load }
}

function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program)
  for (const child of command.commands) inherit(child, command)
  return command
}
