/** The addresses of a cluster's network, as eksctl and EKS give them: who has which, and the ones made up for pods. */

/** As eksctl's VPCs: nodes and pods have addresses of it. */
export const vpc = { prefix: '192.168.', length: 16 }
/** Where everything that is not of the VPC goes. */
export const gateway = '192.168.0.1'
/** The VPC's resolver: its base plus two. */
export const resolver = '192.168.0.2'
/** In place of a node, of pods whose node has no services: nothing answers there. */
export const nobody = '192.168.0.3'
/** The Service `kubernetes`. */
export const apiService = '10.100.0.1'
/** The Service `kube-dns` of EKS. */
export const dnsService = '10.100.0.10'

/** Node services have link-local addresses, and these of IPv6. */
export const linkLocal = { four: '169.254.0.0/16', six: 'fd00:ec2::/64' }

/** Instance metadata and the Pod Identity agent. */
export const metadataAddresses = { four: '169.254.169.254', six: 'fd00:ec2::254' }
export const agentAddresses = { four: '169.254.170.23', six: 'fd00:ec2::23' }
export const nodeServices = {
  six: [metadataAddresses.six, agentAddresses.six],
}

const sixPrefix = 'fd70:6f64::'

/** The address of IPv6 that goes with one of IPv4; `fd70:6f64::c0a8:505` for 192.168.5.5. */
export function sixOf(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${sixPrefix}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

/** The address of IPv4 behind what a socket says of its peer. */
export function fourOf(remote: string): string {
  const six = /^fd70:6f64::([0-9a-f]+):([0-9a-f]+)$/.exec(remote)
  if (!six) return remote.replace(/^::ffff:/, '')
  const bytes = [six[1], six[2]].flatMap((group = '') => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
  return bytes.join('.')
}

/** Addresses of one cluster, each given once. */
export class AddressPlan {
  readonly #taken = new Set([gateway, resolver, nobody])
  readonly #random: () => number

  /** `random`: 0 ≤ x < 1. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** A node has the address it says; new nodes have them of the lower half. */
  reserve(address: string): void {
    this.#taken.add(address)
  }

  /** One of the upper half: the wanted one when it is free. Undefined when all are taken. */
  take(wanted: string | undefined): string | undefined {
    if (wanted && isOfPods(wanted) && !this.#taken.has(wanted)) {
      this.#taken.add(wanted)
      return wanted
    }
    const start = Math.floor(this.#random() * places)
    for (let step = 0; step < places; step++) {
      const place = (start + step) % places
      const address = `${vpc.prefix}${128 + Math.floor(place / perThird)}.${4 + (place % perThird)}`
      if (this.#taken.has(address)) continue
      this.#taken.add(address)
      return address
    }
    return undefined
  }

  release(address: string): void {
    this.#taken.delete(address)
  }
}

const perThird = 250
const places = 128 * perThird

function isOfPods(address: string): boolean {
  const match = /^192\.168\.(\d+)\.(\d+)$/.exec(address)
  if (!match) return false
  const [third, fourth] = [Number(match[1]), Number(match[2])]
  return third >= 128 && third < 256 && fourth >= 4 && fourth < 4 + perThird
}
