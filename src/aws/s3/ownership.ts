/** Who owns objects: since April 2023 the bucket's owner by default, which switches ACLs off. */
import { refuse } from './refusals.ts'
import type { Bucket } from './storage/storage.ts'
import { childrenOf, element, leaf, readXml, requiredText, xmlDocument } from './xml.ts'

export const ownerships: ReadonlySet<string> = new Set([
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
])

export const defaultOwnership = 'BucketOwnerEnforced'

export function writeOwnership(ownership: string): string {
  return xmlDocument('OwnershipControls', element('Rule', leaf('ObjectOwnership', ownership)))
}

/** Reads an `OwnershipControls`. Throws MalformedXML. */
export function readOwnership(body: Uint8Array): string {
  const [rule, ...more] = childrenOf(readXml(body, 'OwnershipControls'), 'Rule')
  if (!rule || more.length > 0) throw refuse.MalformedXML()
  const ownership = requiredText(rule, 'ObjectOwnership')
  if (!ownerships.has(ownership)) throw refuse.MalformedXML()
  return ownership
}

/** The rule of a bucket; where the controls were deleted the old manner rules. */
export function ownershipOf({ settings }: Bucket): string {
  const text = settings.ownershipControls
  return text === undefined ? 'ObjectWriter' : readOwnership(Buffer.from(text))
}
