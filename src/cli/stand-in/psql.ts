/** Of psql: one command (`-c`) on one connection string, rows as `-XAt` prints them, errors in its words. */
import { readFileSync } from 'node:fs'
import type { Environment } from '../../config/env.ts'
import type { CliContext } from '../context.ts'

/** Exit codes of psql: 0 done, 1 the command failed, 2 no connection. */
const exits = { done: 0, failed: 1, noConnection: 2 } as const

/** The last word but options is the connection string, `host=… port=… user=… dbname=… sslrootcert=…`. */
export async function runPsql(
  { environment, stdout, stderr }: Pick<CliContext, 'environment' | 'stdout' | 'stderr'>,
  words: readonly string[],
): Promise<number> {
  const at = words.indexOf('-c')
  const given = words.find((word, n) => n !== at + 1 && word.includes('host='))
  const named = settings(given ?? '')
  const { Client } = await import('pg')
  const client = new Client(clientConfig(named, environment))
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    const where = `connection to server at "${named['host']}", port ${named['port']} failed`
    stderr.write(`psql: error: ${where}: ${errorText(error)}\n`)
    return exits.noConnection
  }
  try {
    const { rows } = await client.query({ text: words[at + 1] ?? '', rowMode: 'array' })
    for (const row of rows as unknown[][]) stdout.write(`${row.join('|')}\n`)
    return exits.done
  } catch (error) {
    stderr.write(`${errorText(error)}\n`)
    return exits.failed
  } finally {
    await client.end()
  }
}

function clientConfig(named: Readonly<Record<string, string>>, environment: Environment) {
  const application = environment['PGAPPNAME']
  return {
    host: named['host'] ?? 'localhost',
    port: Number(named['port'] ?? 5432),
    user: named['user'],
    database: named['dbname'],
    password: environment['PGPASSWORD'],
    ssl: { ca: readFileSync(named['sslrootcert'] ?? '', 'utf8') },
    ...(application ? { application_name: application } : {}),
  }
}

function settings(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]),
  )
}

function errorText(error: unknown): string {
  const { severity, message, detail } = error as Error & { severity?: string; detail?: string }
  return `${severity ? `${severity}:  ` : ''}${message}${detail ? `\nDETAIL:  ${detail}` : ''}`
}
