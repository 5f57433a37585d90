/** Of the AWS command line: `sts assume-role` and `rds generate-db-auth-token`. */
import { presignQuery } from '../../kernel/sigv4/sign.ts'
import type { CliContext } from '../context.ts'

/** What the commands are run with. */
export interface IdentitySession {
  readonly context: CliContext
  readonly region: string
}

const tokenLifeSeconds = 900

/** Prints JSON as the real one does. Rejects with the service's refusal, or where an option is missing. */
export async function assumeRole(
  { context, region }: IdentitySession,
  args: readonly string[],
): Promise<number> {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts')
  const command = new AssumeRoleCommand({
    RoleArn: option(args, '--role-arn'),
    RoleSessionName: option(args, '--role-session-name'),
  })
  try {
    const { Credentials, AssumedRoleUser } = await new STSClient({ region }).send(command)
    context.stdout.write(`${JSON.stringify({ Credentials, AssumedRoleUser }, null, 4)}\n`)
    return 0
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { operation: 'AssumeRole' })
    throw error
  }
}

/** Prints the token: a presigned URL without its scheme. */
export async function databaseToken(
  { context, region }: IdentitySession,
  args: readonly string[],
): Promise<number> {
  const { STSClient } = await import('@aws-sdk/client-sts')
  const credentials = await new STSClient({ region }).config.credentials()
  const host = `${option(args, '--hostname')}:${option(args, '--port')}`
  const user = encodeURIComponent(option(args, '--username'))
  const query = presignQuery({
    method: 'GET',
    rawPath: '/',
    rawQuery: `Action=connect&DBUser=${user}`,
    headers: { host },
    region,
    service: 'rds-db',
    credentials,
    at: context.now(),
    expiresSeconds: tokenLifeSeconds,
  })
  context.stdout.write(`${host}/?${query}\n`)
  return 0
}

function option(args: readonly string[], name: string): string {
  const value = args[args.indexOf(name) + 1]
  if (args.includes(name) && value !== undefined) return value
  throw new Error(`the following arguments are required: ${name}`)
}
