/** What a token may ask for its session beyond an identity: tags and a source identity, in AWS's own claims. */
import type { WebIdentityFault } from './web-identity-fault.ts'

/** `tags` and `transitiveTagKeys` are empty where the token asks for none. */
export interface SessionClaims {
  readonly tags: Readonly<Record<string, string>>
  readonly transitiveTagKeys: readonly string[]
  readonly sourceIdentity?: string
}

/** What is wrong with them: a fault of the web identity chain. */
type SessionClaimsFault = Extract<WebIdentityFault, { kind: 'bad-tags' | 'bad-claim' }>

export const tagsClaim = 'https://aws.amazon.com/tags'
const sourceIdentityClaim = 'https://aws.amazon.com/source_identity'
/** STS allows 50 session tags. */
const tagsMax = 50
/** As where a request gives them (`Tag`, `SourceIdentity` of STS's API model). */
const tagKey = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu
const tagValue = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u
const identity = /^[\w+=,.@-]{2,64}$/

const ownClaims = 'https://aws.amazon.com/'
const none: SessionClaims = { tags: {}, transitiveTagKeys: [] }

/**
 * Reads the claims `https://aws.amazon.com/tags` (`principal_tags`, `transitive_tag_keys`; the object may stand in a
 * list, as Keycloak writes it, or be flattened into `…/tags/principal_tags/<key>`) and `…/source_identity`.
 */
export function readSessionClaims(
  claims: Readonly<Record<string, unknown>>,
): SessionClaims | SessionClaimsFault {
  if (!asksForAny(claims)) return none
  const whole = claims[tagsClaim]
  const object = Array.isArray(whole) && whole.length === 1 ? whole[0] : whole
  if (object !== undefined && !isRecord(object)) return badTags('is not an object')
  const raw: [string, unknown][] = Object.entries(
    isRecord(object?.['principal_tags']) ? object['principal_tags'] : {},
  )
  const flattened = `${tagsClaim}/principal_tags/`
  for (const name in claims) {
    if (name.startsWith(flattened)) raw.push([name.slice(flattened.length), claims[name]])
  }
  const tags = readTags(raw)
  if ('why' in tags) return tags
  const transitive =
    object?.['transitive_tag_keys'] ?? claims[`${tagsClaim}/transitive_tag_keys`] ?? []
  if (!Array.isArray(transitive) || !transitive.every((key) => typeof key === 'string')) {
    return badTags('has transitive_tag_keys that are not a list of texts')
  }
  if (!transitive.every((key) => tags.has(key))) {
    return badTags('has transitive_tag_keys that are no keys of its tags')
  }
  const sourceIdentity = claims[sourceIdentityClaim]
  if (sourceIdentity !== undefined && typeof sourceIdentity !== 'string') {
    return { kind: 'bad-claim', claim: sourceIdentityClaim, why: 'is not a text' }
  }
  if (sourceIdentity !== undefined && !identity.test(sourceIdentity)) {
    return { kind: 'bad-claim', claim: sourceIdentityClaim, why: 'is no source identity' }
  }
  return {
    tags: Object.fromEntries(tags),
    transitiveTagKeys: transitive,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  }
}

function readTags(
  raw: readonly [string, unknown][],
): ReadonlyMap<string, string> | SessionClaimsFault {
  if (raw.length > tagsMax) return badTags(`has more than ${tagsMax} tags`)
  const tags = new Map<string, string>()
  const seen = new Set<string>()
  for (const [key, value] of raw) {
    const text = Array.isArray(value) && value.length === 1 ? value[0] : value
    const shown = `\`${key.slice(0, 128)}\``
    if (typeof text !== 'string') return badTags(`has no single text for ${shown}`)
    if (!tagKey.test(key)) return badTags(`has a key that no tag may have: ${shown}`)
    if (!tagValue.test(text)) return badTags(`has a value that no tag may have for ${shown}`)
    if (seen.has(key.toLowerCase())) return badTags(`has ${shown} twice, in whatever case`)
    seen.add(key.toLowerCase())
    tags.set(key, text)
  }
  return tags
}

function badTags(why: string): SessionClaimsFault {
  return { kind: 'bad-tags', why }
}

function asksForAny(claims: Readonly<Record<string, unknown>>): boolean {
  for (const name in claims) if (name.startsWith(ownClaims)) return true
  return false
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
