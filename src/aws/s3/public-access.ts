/** Block Public Access: all on for new buckets. */
import type { Bucket } from './storage/storage.ts'
import { leaf, optionalText, readXml, xmlDocument } from './xml.ts'

export const publicAccessSettings = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
] as const

export type PublicAccessBlock = Readonly<Record<(typeof publicAccessSettings)[number], boolean>>

/** What AWS gives every new bucket since April 2023. */
export const defaultPublicAccessBlock = writePublicAccessBlock({
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
})

/** The bucket's settings; all off where the configuration was deleted. */
export function publicAccessBlock({ settings }: Bucket): PublicAccessBlock {
  const text = settings.publicAccessBlock
  return text === undefined ? none : readPublicAccessBlock(Buffer.from(text))
}

/** Reads a `PublicAccessBlockConfiguration`; what is left out is off. Throws MalformedXML. */
export function readPublicAccessBlock(body: Uint8Array): PublicAccessBlock {
  const root = readXml(body, 'PublicAccessBlockConfiguration')
  const on = (name: string): boolean => optionalText(root, name)?.toLowerCase() === 'true'
  return {
    BlockPublicAcls: on('BlockPublicAcls'),
    IgnorePublicAcls: on('IgnorePublicAcls'),
    BlockPublicPolicy: on('BlockPublicPolicy'),
    RestrictPublicBuckets: on('RestrictPublicBuckets'),
  }
}

export function writePublicAccessBlock(block: PublicAccessBlock): string {
  const content = publicAccessSettings.map((name) => leaf(name, block[name])).join('')
  return xmlDocument('PublicAccessBlockConfiguration', content)
}

const none: PublicAccessBlock = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
}
