/** The client ids and thumbprints of OIDC providers. */
import { refuse } from './errors.ts'
import type { Quotas } from './quotas.ts'

/** Doubles are left out. */
export function readClientIds(ids: readonly string[], quotas: Quotas): readonly string[] {
  const limit = quotas.clientIdsPerProvider
  const unique = [...new Set(ids)]
  if (unique.length > limit) {
    throw refuse.LimitExceeded({ quota: 'ClientIdsPerOpenIdConnectProvider', limit })
  }
  return unique
}

/** In lower case, doubles left out. */
export function readThumbprints(prints: readonly string[], quotas: Quotas): readonly string[] {
  if (prints.length > quotas.thumbprintsPerProvider) {
    throw refuse.InvalidInput({ text: 'Thumbprint list must contain fewer than 5 entries.' })
  }
  const wrong = prints.find((print) => !/^[0-9a-f]{40}$/i.test(print))
  if (wrong !== undefined) throw refuse.InvalidInput({ text: `Invalid thumbprint: ${wrong}` })
  return [...new Set(prints.map((print) => print.toLowerCase()))]
}
