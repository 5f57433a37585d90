/** The metadata of SAML identity providers: whether it is any, and until when it holds. */
import { createHash, createPrivateKey } from 'node:crypto'
import { SaxesParser } from 'saxes'
import { refuse } from './errors.ts'

const namespace = 'urn:oasis:names:tc:SAML:2.0:metadata'

/** Checks a document; `validUntil` (seconds) where it says one. */
export function readSamlMetadata(text: string): { readonly validUntil?: number } {
  let root: { local: string; uri: string; validUntil: string | undefined } | undefined
  let entity = ''
  const parser = new SaxesParser({ xmlns: true })
  parser.on('doctype', () => {
    throw unreadable()
  })
  parser.on('error', () => {
    throw unreadable()
  })
  parser.on('opentag', ({ local, uri, attributes }) => {
    if (local === 'EntityDescriptor') entity = attributes['entityID']?.value ?? ''
    root ??= { local, uri, validUntil: attributes['validUntil']?.value }
  })
  parser.write(text).close()
  if (root?.local !== 'EntityDescriptor' || root.uri !== namespace || entity === '') {
    throw unreadable()
  }
  const validUntil = Date.parse(root.validUntil ?? '')
  return Number.isNaN(validUntil) ? {} : { validUntil: Math.floor(validUntil / 1000) }
}

/** A private key that decrypts assertions, with an id of its own. `at`: seconds. */
export function readPrivateKey(pem: string, at: number): { id: string; pem: string; at: number } {
  try {
    createPrivateKey(pem)
  } catch {
    throw refuse.InvalidInput({ text: 'The private key is not valid.' })
  }
  const id = createHash('sha256').update(pem).digest('hex').slice(0, 32).toUpperCase()
  return { id, pem, at }
}

function unreadable() {
  return refuse.InvalidInput({ text: 'Could not parse metadata' })
}
