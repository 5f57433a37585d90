/** Who a request comes from when proxies stand between: their word counts only where they are trusted. */
import { BlockList, isIP } from 'node:net'

/** The client as it is known: its address, and whether TLS covered its way to the first proxy that is trusted. */
export interface Origin {
  readonly address: string
  readonly secure: boolean
}

/** Proxies by address. None is trusted but those named. */
export class TrustedProxies {
  readonly #blocks = new BlockList()

  /** `networks`: addresses, or networks as `10.0.0.0/8`, each such that `isNetwork` says so. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/')
      const { type, width } = formOf(address)
      this.#blocks.addSubnet(address, bits === undefined ? width : Number(bits), type)
    }
  }

  /**
   * Follows X-Forwarded-For back from the connection's own address for as long as trusted proxies vouch for it: each has
   * written who it had the request from behind what it was sent. What stands further left, the client may have made up.
   * Whether the client spoke TLS, the proxy that it spoke to says in X-Forwarded-Proto.
   */
  originOf(connection: Origin, headers: ReadonlyMap<string, string>): Origin {
    if (!this.#trusts(connection.address)) return connection
    const hops = (headers.get('x-forwarded-for') ?? '').split(',')
    let { address } = connection
    while (hops.length > 0 && this.#trusts(address)) {
      const before = addressOf(hops.pop() ?? '')
      if (before === undefined) break
      address = before
    }
    const protocol = headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase()
    return { address, secure: protocol === undefined ? connection.secure : protocol === 'https' }
  }

  #trusts(address: string): boolean {
    return isIP(address) !== 0 && this.#blocks.check(address, formOf(address).type)
  }
}

/** Is this an address, or a network in CIDR's form? */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  if (isIP(address) === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= formOf(address).width)
}

function formOf(address: string): { readonly type: 'ipv4' | 'ipv6'; readonly width: number } {
  return isIP(address) === 4 ? { type: 'ipv4', width: 32 } : { type: 'ipv6', width: 128 }
}

/** `::ffff:127.0.0.1` is an IPv4 address. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

/** The address of one entry; some proxies add the port. Undefined where it is none (`unknown`). */
function addressOf(entry: string): string | undefined {
  const text = entry.trim()
  const [, six, four] = /^(?:\[([\da-f:.]+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/i.exec(text) ?? []
  const address = plainAddress(six ?? four ?? text)
  return isIP(address) === 0 ? undefined : address
}
