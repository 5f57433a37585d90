/** Which command of this machine an image name stands for: a built-in table, and a file in which the user adds to it. */
import { readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'
import { findCommand } from './process/host-files.ts'

/** What a container of an image runs unless its spec says otherwise. */
export interface ImageCommand {
  readonly entrypoint: readonly string[]
  readonly defaultArgs: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Shown as the image's id. */
  readonly id: string
  readonly sizeBytes: number
}

export interface ImageMap {
  /** The command, or why there is none. */
  resolve(image: string): ImageCommand | { readonly why: string; readonly isNameInvalid?: true }
}

export interface ImageEntry {
  readonly entrypoint?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const shell: ImageEntry = { args: ['sh'] }
const bash: ImageEntry = { args: ['bash'] }
const awsCli: ImageEntry = { entrypoint: ['aws'] }
const kubectl: ImageEntry = { entrypoint: ['kubectl'] }

/** Names without registry and tag, as `normalizeImage` gives them. The first word decides whether the image is here. */
export const builtInImages: Readonly<Record<string, ImageEntry>> = {
  'amazon/aws-cli': awsCli,
  'public.ecr.aws/aws-cli/aws-cli': awsCli,
  alpine: shell,
  'alpine/k8s': bash,
  'bitnami/kubectl': kubectl,
  'rancher/kubectl': kubectl,
  'registry.k8s.io/kubectl': kubectl,
  amazonlinux: bash,
  'public.ecr.aws/amazonlinux/amazonlinux': bash,
  bash,
  busybox: shell,
  'curlimages/curl': { entrypoint: ['curl'] },
  debian: bash,
  fedora: bash,
  node: { args: ['node'] },
  postgres: { args: ['postgres'] },
  python: { args: ['python3'] },
  'registry.k8s.io/pause': { entrypoint: ['sleep', 'infinity'] },
  ubuntu: bash,
}

export interface ImageMapOptions {
  /** The host's PATH. */
  readonly path: string
  /** The user's file (`images.yaml`); read again when it changes, may be missing. */
  readonly file?: string
  /** Take precedence over the built-in table; the user's file takes precedence over them. */
  readonly entries?: Readonly<Record<string, ImageEntry>>
}

/** Looks images up in the user's file, then `entries`, then the built-in table. */
export function createImageMap(options: ImageMapOptions): ImageMap {
  const { path, file } = options
  const given = new Map(Object.entries({ ...builtInImages, ...options.entries }))
  const own = file === undefined ? undefined : imageFile(file)
  return {
    resolve(image) {
      const name = normalizeImage(image)
      if (name === undefined) {
        const why = `couldn't parse image name "${image}": invalid reference format`
        return { why: `Failed to apply default image tag "${image}": ${why}`, isNameInvalid: true }
      }
      const { entries, problem } = own?.() ?? { entries: new Map<string, ImageEntry>() }
      const entry =
        entries.get(image) ??
        entries.get(name.tagged) ??
        entries.get(name.bare) ??
        given.get(name.bare)
      if (!entry)
        return { why: unknownText(image, [...given.keys(), ...entries.keys()], file, problem) }
      const command = [...(entry.entrypoint ?? []), ...(entry.args ?? [])][0] ?? ''
      const found = findCommand(command, { path, workingDirectory: '/', mounts: [] })
      if ('why' in found) return { why: missingText(image, command, file) }
      return {
        entrypoint: entry.entrypoint ?? [],
        defaultArgs: entry.args ?? [],
        environment: entry.env ?? {},
        id: `host-command://${found.file}`,
        sizeBytes: statSync(found.file).size,
      }
    },
  }
}

const referencePattern =
  /^(?<name>(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?$/

/** An image's name as the tables have it: Docker Hub's own prefixes, tag and digest taken off. */
export function normalizeImage(image: string): { bare: string; tagged: string } | undefined {
  const groups = referencePattern.exec(image)?.groups
  const name = groups?.['name']
  if (!name) return undefined
  const bare = name.replace(
    /^(?:(?:docker\.io|index\.docker\.io|registry-1\.docker\.io)\/(?:library\/)?|public\.ecr\.aws\/docker\/library\/)/,
    '',
  )
  return { bare, tagged: groups?.['tag'] ? `${bare}:${groups['tag']}` : bare }
}

const howTo = (image: string, file: string | undefined) =>
  file ? `; to add it, write "${image}: /path/to/command" in ${file}` : ''

function unknownText(
  image: string,
  known: readonly string[],
  file: string | undefined,
  problem: string | undefined,
): string {
  const names = [...new Set(known)].sort().join(', ')
  return (
    `no command for image "${image}": this cluster runs images as commands of this machine, and knows ${names}` +
    howTo(image, file) +
    (problem ? `; ${file} could not be read: ${problem}` : '')
  )
}

function missingText(image: string, command: string, file: string | undefined): string {
  return `image "${image}" stands for the command \`${command}\`, which this machine does not have: install it${
    file ? `, or write "${image}: /path/to/command" in ${file}` : ''
  }`
}

interface ImageFileContent {
  readonly entries: Map<string, ImageEntry>
  readonly problem?: string
}

const fileBytesMax = 1024 * 1024

/** Reads the file, again only when it has changed. */
function imageFile(file: string): () => ImageFileContent {
  let version = ''
  let content: ImageFileContent = { entries: new Map() }
  return () => {
    const stat = statSync(file, { throwIfNoEntry: false })
    const now = stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : ''
    if (now === version) return content
    version = now
    if (!stat) content = { entries: new Map() }
    else if (stat.size > fileBytesMax)
      content = { entries: new Map(), problem: 'larger than 1 MiB' }
    else content = parseImageFile(readFileSync(file, 'utf8'))
    return content
  }
}

/** `name: command line` or `name: {entrypoint, args, env}`; what is not understood is a problem, the rest counts. */
export function parseImageFile(text: string): ImageFileContent {
  const entries = new Map<string, ImageEntry>()
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    return { entries, problem: (error as Error).message.split('\n')[0] ?? '' }
  }
  if (document === null || document === undefined) return { entries }
  if (typeof document !== 'object' || Array.isArray(document)) {
    return { entries, problem: 'not a map of image names to commands' }
  }
  const problems: string[] = []
  for (const [image, value] of Object.entries(document)) {
    const entry = entryOf(value)
    const name = normalizeImage(image)
    if (entry && name) entries.set(name.tagged, entry)
    else problems.push(`\`${image}\`: expected a command, or entrypoint, args and env`)
  }
  return { entries, ...(problems.length > 0 && { problem: problems.join('; ') }) }
}

function entryOf(value: unknown): ImageEntry | undefined {
  if (typeof value === 'string') {
    const words = value.split(/\s+/).filter(Boolean)
    return words.length > 0 ? { entrypoint: words } : undefined
  }
  if (isStrings(value)) return value.length > 0 ? { entrypoint: value } : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const { entrypoint = [], args = [], env = {}, ...rest } = value as Record<string, unknown>
  const isEnv = typeof env === 'object' && env !== null && isStrings(Object.values(env))
  if (!isStrings(entrypoint) || !isStrings(args) || !isEnv) return undefined
  if (Object.keys(rest).length > 0 || entrypoint.length + args.length === 0) return undefined
  return { entrypoint, args, env: env as Record<string, string> }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
