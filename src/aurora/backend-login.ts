/** Logs in to the server behind: with the client's own exchange passed on, or with a password that we hold. */
import type { Duplex } from 'node:stream'
import type { ByteReader } from './byte-reader.ts'
import { ScramClient } from './scram.ts'
import { authentication, authenticationCode, encode, fatal, int32, type Message } from './wire.ts'

/** A message of a login: PostgreSQL's own limit for passwords. */
export const loginBytesMax = 65_535

const mechanism = 'SCRAM-SHA-256'
/** A server that admits without having asked for anything would let anybody in. */
const unasked = { code: '28000', message: 'the database server asked for no password' }

/** One end of a login: where it is written to, and what it brings. */
export interface Side<S extends Duplex = Duplex> {
  readonly socket: S
  readonly reader: ByteReader
}

/** Lets client and server talk to each other until the server has decided. True: it is content. */
export async function relayAuthentication(client: Side, server: Side): Promise<boolean> {
  for (let asked = false; ; asked = true) {
    const message = await server.reader.message(loginBytesMax)
    const code = authenticationCode(message)
    if (code === authentication.ok) {
      if (asked) return true
      client.socket.end(fatal(unasked))
      return false
    }
    const whole = encode(message.type, message.body)
    if (message.type === 'E') {
      client.socket.end(whole)
      return false
    }
    client.socket.write(whole)
    if (code === undefined || code === authentication.saslFinal) continue
    const { type, body } = await client.reader.message(loginBytesMax)
    if (type !== 'p') {
      client.socket.destroy()
      return false
    }
    server.socket.write(encode(type, body))
  }
}

/**
 * Answers the server with a password. True: it is content. `ours`: a refusal is no business of the client's, whose token
 * was good, so it throws; `theirs`: the server's words go to the client.
 */
export async function authenticateWith(
  password: string,
  client: Side,
  server: Side,
  whose: 'ours' | 'theirs',
): Promise<boolean> {
  const scram = new ScramClient(password)
  let asked = false
  for (;;) {
    const message = await server.reader.message(loginBytesMax)
    if (message.type === 'E') {
      if (whose === 'ours' && isPasswordFailure(message)) {
        throw new Error('the database server does not take the password of the proxy')
      }
      client.socket.end(encode('E', message.body))
      return false
    }
    const code = authenticationCode(message)
    if (code === authentication.ok) {
      if (asked) return true
      client.socket.end(fatal(unasked))
      return false
    }
    if (code !== undefined) {
      asked = true
      const answer = await answerTo(code, message.body.subarray(4), password, scram)
      if (answer) server.socket.write(answer)
    }
  }
}

async function answerTo(
  code: number,
  asked: Buffer,
  password: string,
  scram: ScramClient,
): Promise<Buffer | undefined> {
  switch (code) {
    case authentication.cleartextPassword:
      return encode('p', `${password}\0`)
    case authentication.sasl: {
      if (!asked.toString('latin1').split('\0').includes(mechanism)) break
      const first = Buffer.from(scram.first())
      return encode('p', `${mechanism}\0`, int32(first.length), first)
    }
    case authentication.saslContinue:
      return encode('p', await scram.final(asked.toString('latin1')))
    case authentication.saslFinal:
      scram.verify(asked.toString('latin1'))
      return undefined
  }
  throw new Error(
    `the database server asks for an authentication that is not spoken here (${code})`,
  )
}

function isPasswordFailure({ body }: Message): boolean {
  return body.toString('latin1').split('\0').includes('C28P01')
}
