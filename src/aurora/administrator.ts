/** Our own connection to a database server, as its superuser: opened when needed, opened again after it broke. */
import type { Client, ClientConfig, QueryResultRow } from 'pg'

export class Administrator implements AsyncDisposable {
  readonly #config: ClientConfig
  #client: Promise<Client> | undefined

  constructor(config: ClientConfig) {
    this.#config = config
  }

  /** Runs a statement; one that finds the connection broken runs again on a new one. All of ours may run twice. */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<Row[]> {
    for (let attempt = 0; ; attempt++) {
      const client = await this.#connected()
      try {
        const query = { text, values: [...values], ...(name !== undefined && { name }) }
        return (await client.query<Row>(query)).rows
      } catch (error) {
        // An error with a SQLSTATE is an answer; one without is a broken connection. 57P: the server went down.
        const code = (error as { code?: string }).code ?? ''
        const isAnswer = /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('57P')
        if (isAnswer || attempt > 0) throw error
        this.#client = undefined
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  #connected(): Promise<Client> {
    if (!this.#client) {
      const connecting = connect(this.#config, () => {
        if (this.#client === connecting) this.#client = undefined
      })
      this.#client = connecting
      connecting.catch(() => {
        if (this.#client === connecting) this.#client = undefined
      })
    }
    return this.#client
  }
}

async function connect(config: ClientConfig, onBroken: () => void): Promise<Client> {
  const { Client } = (await import('pg')).default
  const client = new Client({ application_name: 'podpass', ...config })
  client.on('error', onBroken)
  await client.connect()
  return client
}

/** `18.4`, of the server that the administrator is connected to. */
export async function serverVersion(administrator: Administrator): Promise<string> {
  const [shown] = await administrator.query<{ server_version: string }>('SHOW server_version')
  const version = /^\d+(\.\d+)?/.exec(shown?.server_version ?? '')?.[0]
  if (version === undefined) throw new Error('the database server does not say its version')
  return version
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as an SQL literal, where no parameter can stand. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}
