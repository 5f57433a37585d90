/** Which network addresses the verifier may talk to. */
import { BlockList, isIP } from 'node:net'

export type AddressKind = 'public' | 'private' | 'loopback' | 'forbidden'

const loopback = list(['127.0.0.0/8', '::1/128'])
/** Instance metadata, unspecified, multicast, broadcast: no issuer is there. */
const forbidden = list([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::/32',
])
/** RFC 1918, shared (RFC 6598), benchmarking, IETF, unique local, and the forms that wrap an IPv4 address. */
const inner = list([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '198.18.0.0/15',
  'fc00::/7',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
])

/** Sorts an IP address; an IPv4 address inside an IPv6 one counts as what it is. */
export function addressKind(address: string): AddressKind {
  const family = isIP(address)
  if (family === 0) return 'forbidden'
  const type = family === 4 ? 'ipv4' : 'ipv6'
  // BlockList looks through IPv4-mapped IPv6 addresses by itself.
  if (loopback.check(address, type)) return 'loopback'
  if (forbidden.check(address, type)) return 'forbidden'
  return inner.check(address, type) ? 'private' : 'public'
}

function list(networks: readonly string[]): BlockList {
  const blocks = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    blocks.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
  return blocks
}
