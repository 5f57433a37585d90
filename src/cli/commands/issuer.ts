/** `podpass issuer`: the keys with which a cluster's OIDC issuer signs the tokens of its pods. */
import { Command } from 'commander'
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { IssuerKey } from '../../oidc/issuer.ts'
import type { CliContext } from '../context.ts'
import { administerLab } from '../lab-control.ts'
import { type OutputFormat, render, table } from '../render.ts'

interface Options {
  readonly cluster: string
  readonly output: OutputFormat
}

interface IssuerState {
  readonly issuer: string
  readonly keys: readonly IssuerKey[]
}

export function issuerCommand(context: CliContext): Command {
  const issuer = new Command('issuer')
    .description("list, rotate and retire the signing keys of a cluster's OIDC issuer")
    .addHelpText(
      'after',
      `
After a rotation the new key signs, and tokens of the old one stay good until it is retired.
Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no lab runs.

Examples:
  podpass issuer keys --cluster irsa
  podpass issuer rotate --cluster irsa
  podpass issuer retire --cluster irsa --kid KID      its tokens are refused from now on`,
    )
  const add = (name: string, description: string) =>
    issuer
      .command(name)
      .description(description)
      .requiredOption('--cluster <name>', 'whose issuer')
      .option('-o, --output <format>', 'table, json or yaml', 'table')
  const run = (action: string) => async (options: Options & { kid?: string }, command: Command) => {
    const { cluster, output, kid } = options
    const request = { cluster, action, ...(kid !== undefined && { kid }) }
    const keysHint = `its keys:    podpass issuer keys --cluster ${cluster}`
    const hints = action === 'retire' ? [keysHint] : ['clusters:    podpass get cluster']
    const state = await administerLab<IssuerState>(context, command, '/issuer', request, hints)
    context.stdout.write(await shown(state, output))
  }
  add('keys', 'list the keys').action(run('keys'))
  add('rotate', 'make a new key and sign with it from now on').action(run('rotate'))
  add('retire', 'stop trusting a key that no longer signs')
    .requiredOption('--kid <kid>', 'which key')
    .action(run('retire'))
  return issuer
}

function shown({ issuer, keys }: IssuerState, output: OutputFormat): Promise<string> {
  const rows = keys.map(({ kid, createdAt, active }) => ({
    kid,
    createdAt: isoSeconds(createdAt),
    state: active ? 'signing' : 'trusted',
  }))
  return render(output, { issuer, keys: rows }, () =>
    table(
      { kid: (row) => row.kid, state: (row) => row.state, created: (row) => row.createdAt },
      rows,
    ),
  )
}
