/** `podpass up`: everything, in the foreground or the background. */
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command, Option } from 'commander'
import { runtimeDirectory } from '../../config/env.ts'
import { type LabStatus, labStatus } from '../../lab/control.ts'
import { type CliContext, homeOf } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { firstScreen } from '../first-screen.ts'
import { explainStartFailure } from '../start-failure.ts'
import { version } from '../version.ts'
import { waitUntil } from '../wait.ts'

interface UpOptions {
  readonly detach?: boolean
  readonly awsPort?: number
  readonly kubernetesPort?: number
  readonly issuerPort?: number
  readonly dbUrl?: string
  readonly podNetwork?: string
}

export function upCommand(context: CliContext): Command {
  return new Command('up')
    .description('start the lab: AWS side, issuer and clusters')
    .option('-d, --detach', 'in the background')
    .addOption(portOption('--aws-port <port>', 'port of the AWS APIs (default: 4566; 0: any free)'))
    .addOption(
      portOption(
        '--kubernetes-port <port>',
        'port of the first cluster (default: 6443; 0: any free)',
      ),
    )
    .addOption(
      portOption('--issuer-port <port>', 'port of the OIDC issuer (default: 4567; 0: any free)'),
    )
    .option(
      '--db-url <url>',
      'a PostgreSQL that runs already, in place of the one that RDS starts (or PODPASS_DB_URL)',
    )
    .addOption(
      new Option(
        '--pod-network <kind>',
        "auto (default, or PODPASS_POD_NETWORK), namespaces (each pod has its own; needs root), host (all share the machine's)",
      ).choices(['auto', 'namespaces', 'host']),
    )
    .addHelpText(
      'after',
      `
A home keeps the ports it was started with. Everything listens on loopback only.
Exit codes: 0 stopped on request, 1 could not start, 2 wrong usage.

Examples:
  podpass up
  podpass up -d --home ~/.podpass-2 --aws-port 0`,
    )
    .action(async (options: UpOptions, command: Command) => {
      const home = homeOf(context, command)
      if (options.detach) return startInBackground(context, home.root, options, command)
      return runInForeground(context, options, command)
    })
}

function portOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const port = Number(text)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new CliFailure(`\`${text}\` is no port`, { exitCode: exitCodes.usage })
    }
    return port
  })
}

async function runInForeground(
  context: CliContext,
  options: UpOptions,
  command: Command,
): Promise<void> {
  const home = homeOf(context, command)
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopped.abort())
  }
  const started = performance.now()
  const { startLab } = await import('../../lab/lab.ts')
  const lab = await startLab({
    home,
    runtime: runtimeDirectory(context.environment, context.userId),
    environment: { ...context.environment, ...databaseUrl(options) },
    version,
    ...options,
    requestStop: () => stopped.abort(),
  }).catch((error: unknown) => {
    throw explainStartFailure(error)
  })
  try {
    const seconds = (performance.now() - started) / 1000
    context.stdout.write(firstScreen(context, lab.status(), seconds))
    if (!stopped.signal.aborted) {
      await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve))
    }
    if (process.stderr.isTTY) context.stderr.write('\nstopping …\n')
  } finally {
    await lab[Symbol.asyncDispose]()
  }
}

async function startInBackground(
  context: CliContext,
  root: string,
  options: UpOptions,
  command: Command,
): Promise<void> {
  const home = homeOf(context, command)
  const running = await labStatus(home.controlSocket)
  if (running?.ready) {
    context.stderr.write(`podpass runs already in ${root} (pid ${running.pid})\n`)
    context.stdout.write(firstScreen(context, running))
    return
  }
  mkdirSync(dirname(home.logFile), { recursive: true, mode: 0o700 })
  const output = openSync(home.logFile, 'a', 0o600)
  const from = readFileSync(home.logFile).length
  const ports = (['awsPort', 'kubernetesPort', 'issuerPort'] as const).flatMap((name) => {
    const flag = `--${name.replace('Port', '-port')}`
    return options[name] === undefined ? [] : [flag, String(options[name])]
  })
  const { podNetwork } = options
  const network = podNetwork === undefined ? [] : ['--pod-network', podNetwork]
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] ?? '', 'up', '--home', root, ...ports, ...network],
    {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...context.environment, ...databaseUrl(options) },
    },
  )
  let exited = false
  child.once('exit', () => {
    exited = true
  })
  let status: LabStatus | undefined
  await waitUntil(async () => {
    status = await labStatus(home.controlSocket)
    return exited || status?.ready === true
  }, 60_000)
  child.unref()
  if (!status?.ready) throw didNotStart(home.logFile, from)
  context.stdout.write(firstScreen(context, status, (performance.now() - started) / 1000))
}

/** In the environment, since arguments, and a password in them, can be read by everybody. */
function databaseUrl({ dbUrl }: UpOptions): Record<string, string> {
  return dbUrl === undefined ? {} : { PODPASS_DB_URL: dbUrl }
}

/** The child's own words, from the log, become ours. */
function didNotStart(logFile: string, from: number): CliFailure {
  const said = readFileSync(logFile).subarray(from).toString()
  const error = /^error: (.*)$/m.exec(said)
  const hints = error
    ? said
        .slice((error.index ?? 0) + error[0].length)
        .split('\n')
        .filter((line) => line.startsWith('  '))
        .map((line) => line.trim())
    : ['see why:    podpass logs']
  return new CliFailure(error?.[1] ?? 'podpass did not start', { hints })
}
