/** `podpass serve aws`: IAM, STS and CloudTrail's look-up, in as many processes as wanted. */
import { Command } from 'commander'
import { LabClock } from '../../clock/lab-clock.ts'
import type { ServeAwsConfig } from '../../config/serve.ts'
import type { ServedAws } from '../../serve/aws.ts'
import { accountsToMake, createAccountOnce } from '../account-keys.ts'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { addServeOptions, configFailure, serveConfig } from '../serve-options.ts'
import { keepAlive, storeFailure } from '../serve-store.ts'

interface Options {
  readonly createAccount?: string[]
  readonly check?: boolean
}

export function serveAwsCommand(context: CliContext): Command {
  const command = new Command('aws').description('serve IAM, STS and CloudTrail look-ups')
  return addServeOptions(command)
    .option(
      '--create-account <id>',
      'make this account where it is missing, and print its keys, this once, to stdout; repeatable',
      accountsToMake,
    )
    .option('--check', 'only check the settings and show them')
    .addHelpText(
      'after',
      `
Every setting can also be given as a variable (PODPASS_SERVE_STORE, PODPASS_SERVE_TLS_KEY: after its flag)
or in the file, as the flags' names say: { store: …, tls: { certificate: …, key: … } }.
Processes with the same store serve the same accounts, and accept each other's sessions. The log goes to stderr,
a JSON object a line. SIGTERM stops taking connections, ends what is in flight, then exits. A renewed certificate is
taken by itself, or at once on SIGHUP; open connections go on.

Exit codes: 0 stopped on request, 1 could not start or go on, 2 a setting is wrong, 3 the database is out of reach.

Examples:
  podpass serve aws --store postgres://podpass@127.0.0.1/podpass --create-account 111122223333
  podpass serve aws --config serve.yaml --listen 0.0.0.0:4566 --admin 0.0.0.0:4569
  podpass serve aws --config serve.yaml --check`,
    )
    .action(async (options: Options, given: Command) => {
      const config = await serveConfig(context, given)
      if (!options.check) return serve(context, config, options.createAccount ?? [])
      const { readServeFiles } = await import('../../config/serve-files.ts')
      const { shownConfig } = await import('../../config/serve.ts')
      failsAsConfig(() => readServeFiles(config))
      context.stdout.write(`${JSON.stringify(shownConfig(config), null, 2)}\n`)
    })
}

async function serve(
  context: CliContext,
  config: ServeAwsConfig,
  accounts: readonly string[],
): Promise<void> {
  const { readServeFiles } = await import('../../config/serve-files.ts')
  const { createPinoLog } = await import('../../audit/pino-log.ts')
  const { serveAws } = await import('../../serve/aws.ts')
  const files = failsAsConfig(() => readServeFiles(config))
  const log = createPinoLog({ level: config.log.level, destination: context.stderr })
  using _alive = keepAlive()
  using clock = new LabClock(0, (error) => log.error({ error: String(error) }, 'a timer failed'))
  const stopped = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopped.abort())
  const { signal } = stopped
  const served = await serveAws({ config, files, clock, log, signal }).catch(
    async (error: unknown) => {
      throw await startFailure(error)
    },
  )
  const { port, adminPort, outboundPort } = served
  process.on('SIGHUP', () => served.readCertificate())
  let broken: unknown
  try {
    for (const id of accounts) {
      const made = await createAccountOnce(served.iam, { id })
      if (made) context.stdout.write(`${JSON.stringify(made)}\n`)
      log.info({ account: id, made: made !== undefined }, 'account')
    }
    if (!files.tls) log.warn({}, 'without a certificate only HTTP is spoken')
    log.info(
      { host: config.listen.host, port, adminPort, outboundPort, tls: files.tls !== undefined },
      'ready',
    )
    broken = await untilStopped(served, signal)
    log.info({ draining: true }, 'stopping')
  } finally {
    await served[Symbol.asyncDispose]()
  }
  if (broken !== undefined) {
    throw new CliFailure(`the database cannot be followed any more: ${String(broken)}`, {
      hints: ['a new start mends it: run this under something that restarts it'],
    })
  }
  log.info({}, 'stopped')
}

/** Resolves when the process is asked to stop, with undefined, or can't go on, with the reason. */
function untilStopped(served: ServedAws, signal: AbortSignal): Promise<unknown> {
  const asked = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return Promise.race([asked, served.failed])
}

function failsAsConfig<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw configFailure(error)
  }
}

async function startFailure(error: unknown): Promise<unknown> {
  const { code, message, ...rest } = error as NodeJS.ErrnoException & {
    address?: string
    port?: number
  }
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new CliFailure(`cannot listen on ${rest.address}:${rest.port}: ${message}`, {
      hints: ['see --listen and --admin'],
      cause: error,
    })
  }
  return storeFailure(error)
}
