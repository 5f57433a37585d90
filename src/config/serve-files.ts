/** The files that settings of `podpass serve` name: read and checked before anything listens. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ConfigError, flagOf, type ServeAwsConfig } from './serve.ts'

export interface ServeFiles {
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** PEM, one certificate each. */
  readonly issuerCaPems: readonly string[]
}

/** Throws a ConfigError that names setting and file. */
export function readServeFiles({ tls, issuers, outbound }: ServeAwsConfig): ServeFiles {
  const issuerCaPems = issuers.ca.flatMap((path) => certificates('issuers.ca', path))
  if (!tls) {
    if (!outbound) return { issuerCaPems }
    throw new ConfigError('`outbound.url` needs a certificate', [
      `give ${flagOf('tls.certificate')}`,
    ])
  }
  const cert = certificates('tls.certificate', tls.certificate).join('\n')
  const key = read('tls.key', tls.key)
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigError(
      `\`${tls.key}\` is not the private key of \`${tls.certificate}\` (${why})`,
      [`see ${flagOf('tls.key')}`],
    )
  }
  return { tls: { cert, key }, issuerCaPems }
}

const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

function certificates(setting: string, path: string): string[] {
  const found = read(setting, path).match(pem) ?? []
  for (const one of found) {
    try {
      new X509Certificate(one)
    } catch {
      throw new ConfigError(`\`${path}\` holds a damaged certificate`, [`see ${flagOf(setting)}`])
    }
  }
  if (found.length > 0) return found
  throw new ConfigError(`\`${path}\` holds no certificate`, [`PEM is wanted by ${flagOf(setting)}`])
}

function read(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`\`${path}\` cannot be read: ${why}`, [`see ${flagOf(setting)}`])
  }
}
