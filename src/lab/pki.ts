/** The lab's own keys: its certificate authority, and the keys that seal session tokens. Files of the home, 0600. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import type { SealingKey } from '../kernel/session/sealed-token.ts'
import {
  createCertificateAuthority,
  loadCertificateAuthority,
  type OwnedAuthority,
} from '../x509/authority.ts'
import { type Home, HomeError, readJsonFile, writePrivateFile } from './home.ts'

/** Certificates are judged by the clients' machines, so by wall time. */
export const wallClock = { now: () => Date.now() }

/** Loads the authority of two PEM files, or makes it where both are missing. */
export async function openAuthority(
  files: { readonly certificate: string; readonly key: string },
  commonName: string,
): Promise<OwnedAuthority> {
  if (existsSync(files.certificate) && existsSync(files.key)) {
    try {
      return loadCertificateAuthority({
        certPem: readFileSync(files.certificate, 'utf8'),
        keyPem: readFileSync(files.key, 'utf8'),
        clock: wallClock,
      })
    } catch (cause) {
      throw new HomeError(`\`${files.certificate}\` is damaged`, 'podpass reset', { cause })
    }
  }
  const authority = await createCertificateAuthority({
    commonName,
    organization: 'Podpass',
    clock: wallClock,
  })
  writePrivateFile(files.key, authority.keyPem)
  writePrivateFile(files.certificate, authority.certPem)
  // No secret: containers that run as another user read it too.
  chmodSync(files.certificate, 0o644)
  return authority
}

/** The keys that seal this lab's session tokens; another lab's credentials do not open with them. */
export function openSealingKeys(home: Home): readonly SealingKey[] {
  const kept = readJsonFile<readonly { readonly id: number; readonly key: string }[]>(
    home.sealingKeysFile,
  )
  if (kept) return kept.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') }))
  const key = randomBytes(32)
  writePrivateFile(home.sealingKeysFile, JSON.stringify([{ id: 1, key: key.toString('base64') }]))
  return [{ id: 1, key }]
}
