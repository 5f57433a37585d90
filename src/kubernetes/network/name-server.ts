/** The resolver of a cluster's pods: names of the cluster are its own, all others are asked of this machine's resolvers. */
import { createSocket, type Socket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { isIP, isIPv6 } from 'node:net'
import { apiService } from './address-plan.ts'
import { answerTo, type Question, questionOf, typeA } from './dns-message.ts'

export interface NameServerOptions {
  readonly region: string
  /** Where this machine names its resolvers: `/etc/resolv.conf`. */
  readonly resolvConf: string
}

const pendingMax = 256
const timeoutMs = 3000
/** As glibc: no more than three are asked. */
const upstreamsMax = 3

/** Answers on `door`, a socket inside, until disposed. */
export function serveNames(door: Socket, options: NameServerOptions): Disposable {
  let pending = 0
  door.on('error', () => {})
  door.on('message', async (query, from) => {
    const question = questionOf(query)
    if (!question || pending >= pendingMax) return
    pending++
    try {
      const own = ownAnswer(question, options.region)
      const answer = own ? answerTo(query, own) : await askUpstream(query, options.resolvConf)
      door.send(answer, from.port, from.address, () => {})
    } finally {
      pending--
    }
  })
  return {
    [Symbol.dispose]() {
      door.close()
    },
  }
}

/** What is known of a name here; undefined: it is somebody else's. */
export function ownAnswer(
  { name, type }: Question,
  region: string,
): 'no-such-name' | string[] | undefined {
  const give = (address: string) => (type === typeA ? [address] : [])
  if (name === 'kubernetes.default.svc.cluster.local') return give(apiService)
  if (isBelow(name, 'cluster.local')) return 'no-such-name'
  if (isBelow(name, 'localhost')) return give('127.0.0.1')
  const domain = `${region}.compute.internal`
  if (!isBelow(name, domain)) return undefined
  const node = /^ip-(\d+)-(\d+)-(\d+)-(\d+)$/.exec(name.slice(0, -domain.length - 1))
  const address = node?.slice(1).join('.') ?? ''
  return isIP(address) ? give(address) : 'no-such-name'
}

function isBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`)
}

async function askUpstream(query: Buffer, resolvConf: string): Promise<Buffer> {
  for (const server of await upstreams(resolvConf)) {
    const answer = await ask(server, query)
    if (answer) return answer
  }
  return answerTo(query, 'failure')
}

/** The resolvers that this machine uses now; none when there is no such file. */
export async function upstreams(resolvConf: string): Promise<string[]> {
  const text = await readFile(resolvConf, 'utf8').catch(() => '')
  const named = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = '']) => address)
  return named.filter((address) => isIP(address.split('%')[0] ?? '')).slice(0, upstreamsMax)
}

function ask(server: string, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.split('%')[0] ?? '') ? 'udp6' : 'udp4')
    let isOver = false
    const end = (answer?: Buffer) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    // How long the network takes is no matter of the lab's time.
    const timer = setTimeout(() => end(), timeoutMs)
    socket.once('error', () => end())
    // Connected: answers of others do not arrive.
    socket.connect(53, server, () => socket.send(query))
    socket.on('message', (answer) => {
      if (answer.length >= 2 && answer.readUInt16BE(0) === query.readUInt16BE(0)) end(answer)
    })
  })
}
