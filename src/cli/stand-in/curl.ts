/** Of curl: one request, its answer on the standard output. */
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { CliContext } from '../context.ts'

interface Wanted {
  url: string
  from?: string
  agent: string
  timeoutMs: number
  readonly headers: Record<string, string>
  readonly data: string[]
}

/** Exit codes of curl: 0 answered, 2 an option is not known here, 7 no connection. */
const exits = { done: 0, usage: 2, noConnection: 7 } as const

type Take = (wanted: Wanted, value: string) => void

/** Options with a value. */
const valued: Readonly<Record<string, Take>> = {
  '-A': (wanted, value) => {
    wanted.agent = value
  },
  '--interface': (wanted, value) => {
    wanted.from = value
  },
  '--max-time': (wanted, value) => {
    wanted.timeoutMs = Number(value) * 1000
  },
  '-H': ({ headers }, value) => {
    const colon = value.indexOf(':')
    headers[value.slice(0, colon)] = value.slice(colon + 1).trim()
  },
  '-d': ({ data }, value) => void data.push(value),
  '--data-urlencode': ({ data }, value) => {
    const [name = '', file = ''] = value.split('@')
    data.push(`${name}=${encodeURIComponent(readFileSync(file, 'utf8'))}`)
  },
}

export async function runCurl(
  { environment, stdout, stderr }: Pick<CliContext, 'environment' | 'stdout' | 'stderr'>,
  words: readonly string[],
): Promise<number> {
  const wanted: Wanted = { url: '', agent: 'curl', timeoutMs: 60_000, headers: {}, data: [] }
  for (let n = 0; n < words.length; n++) {
    const word = words[n] ?? ''
    const take = valued[word]
    if (take) take(wanted, words[++n] ?? '')
    else if (word.startsWith('-') && !/^-[sS]+$/.test(word)) {
      stderr.write(`curl: option ${word}: is unknown\n`)
      return exits.usage
    } else if (!word.startsWith('-')) wanted.url = word
  }
  try {
    stdout.write(await ask(wanted, environment['CURL_CA_BUNDLE']))
    return exits.done
  } catch (error) {
    stderr.write(`curl: (7) ${error instanceof Error ? error.message : error}\n`)
    return exits.noConnection
  }
}

function ask({ url, from, agent, timeoutMs, headers, data }: Wanted, bundle = ''): Promise<string> {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const options = {
    method: data.length > 0 ? 'POST' : 'GET',
    headers: { 'user-agent': agent, ...(data.length > 0 && form), ...headers },
    timeout: timeoutMs,
    ...(from !== undefined && { localAddress: from }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = url.startsWith('https:')
      ? httpsRequest(url, { ...options, ...(bundle && { ca: readFileSync(bundle, 'utf8') }) })
      : httpRequest(url, options)
    outgoing.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (piece: string) => {
        text += piece
      })
      answer.on('error', reject)
      answer.on('end', () => resolve(text))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('Operation timed out')))
    outgoing.on('error', reject)
    outgoing.end(data.join('&'))
  })
}
