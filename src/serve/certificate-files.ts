/** Follows the files of certificate and key: what renews them (cert-manager, an ACME client) need not know of this process. */
import { X509Certificate } from 'node:crypto'
import type { Log } from '../audit/log.ts'
import type { Clock } from '../kernel/clock.ts'
import type { KeyPair } from '../x509/certificate-port.ts'

export interface CertificateFiles extends Disposable {
  /** Looks now: whoever sends SIGHUP has just written them. */
  check(): void
}

/**
 * Looks every `everyMs` whether `read` gives another pair than `current`, and if so tells `use`. Files that are damaged,
 * or half written, are logged once and change nothing. Disposing stops it.
 */
export function followCertificate(options: {
  readonly current: KeyPair
  /** Throws where the files do not fit together. */
  readonly read: () => KeyPair | undefined
  readonly use: (tls: KeyPair) => void
  readonly everyMs: number
  readonly clock: Clock
  readonly log: Log
}): CertificateFiles {
  const { read, use, everyMs, clock, log } = options
  let { current } = options
  let complaint = ''
  const check = () => {
    try {
      const found = read()
      complaint = ''
      if (!found || (found.cert === current.cert && found.key === current.key)) return
      current = found
      use(found)
      const { subject, validTo } = new X509Certificate(found.cert)
      log.info({ subject, validTo }, 'the certificate was replaced')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (why !== complaint) log.error({ error: why }, 'the certificate stays: another is no good')
      complaint = why
    }
  }
  let timer: Disposable
  const wait = () => {
    timer = clock.schedule(clock.now() + everyMs, () => {
      check()
      wait()
    })
  }
  wait()
  return { check, [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
