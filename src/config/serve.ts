/** Settings of `podpass serve`: from flags, else the environment, else a file, else the defaults here; checked whole. */
import { z } from 'zod'
import { isNetwork } from '../aws/gateway/trusted-proxies.ts'
import { nearest } from '../kernel/nearest.ts'
import type { Environment } from './env.ts'

/** A setting is wrong; the message names where it was given. */
export class ConfigError extends Error {
  /** Lines that help. */
  readonly hints: readonly string[]
  constructor(message: string, hints: readonly string[] = []) {
    super(message)
    this.name = 'ConfigError'
    this.hints = hints
  }
}

const addressForm = /^(?:(?:(?<name>[\w.-]+)|\[(?<six>[\da-fA-F:.]+)\]):)?(?<port>\d{1,5})$/

/** `PORT` (on loopback), `HOST:PORT` or `[IPv6]:PORT`; port 0 is any free one. */
const address = z.coerce.string().transform((text, context) => {
  const parts = addressForm.exec(text)?.groups
  const port = Number(parts?.['port'])
  if (!parts || port > 65_535) {
    context.addIssue('is neither PORT nor HOST:PORT')
    return z.NEVER
  }
  return { host: parts['name'] ?? parts['six'] ?? '127.0.0.1', port }
})

const bool = z.union(
  [z.boolean(), z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })],
  {
    error: 'is neither true nor false',
  },
)
const whole = (min: number, max: number) =>
  z.coerce
    .number({ error: 'is no number' })
    .int('is no whole number')
    .min(min, `is less than ${min}`)
    .max(max, `is more than ${max}`)
const list = z.union([z.array(z.string()), z.string().transform((text) => text.split(','))])
/** A list of what holds no comma, so that one flag may give several. */
const names = list.transform((items) =>
  items.flatMap((item) => item.split(',')).map((item) => item.trim()),
)
const region = z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'is no region')
const file = z.string({ error: 'names no file' }).min(1, 'names no file')

const schema = z.strictObject({
  store: z
    .string({ error: 'is missing' })
    .regex(/^postgres(ql)?:\/\//, 'is no postgres:// URL')
    .refine((text) => URL.canParse(text), 'is no URL'),
  storeWait: whole(0, 3_600).default(30),
  listen: address.prefault('127.0.0.1:4566'),
  admin: address.prefault('127.0.0.1:4569'),
  trustedProxies: names
    .pipe(z.array(z.string().refine(isNetwork, 'is no address or network')))
    .default([]),
  tls: z
    .strictObject({ certificate: file, key: file, reload: whole(1, 86_400).default(60) })
    .optional(),
  region: region.optional(),
  regions: names.pipe(z.array(region)).default([]),
  issuers: z
    .strictObject({
      ca: list.default([]),
      allowLoopback: bool.default(false),
      allowPrivateRedirects: bool.default(false),
    })
    .prefault({}),
  outbound: z
    .strictObject({
      url: z
        .string({ error: 'is missing' })
        .regex(/^https:\/\/[^/?#@\s]+$/, 'is no https://HOST[:PORT]'),
      listen: address.prefault('127.0.0.1:4567'),
    })
    .optional(),
  audit: z
    .strictObject({ folder: file.optional(), limit: whole(100, 10_000_000).default(50_000) })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'], { error: 'is none of debug, info, warn, error' })
        .default('info'),
    })
    .prefault({}),
  drainDelay: whole(0, 300).default(0),
})

/** Everything `podpass serve aws` can be told; times in seconds. */
export type ServeAwsConfig = z.output<typeof schema>

/** The settings by their path in a file, each with its argument and what it is for; flags and variables are named after the path. */
export const serveSettings = {
  store: ['<url>', 'PostgreSQL: postgres://user:password@host/database (the variable hides it)'],
  storeWait: ['<seconds>', 'how long to wait for the database at the start (default: 30)'],
  listen: ['<address>', 'HOST:PORT or PORT of the AWS APIs (default: 127.0.0.1:4566)'],
  admin: ['<address>', 'HOST:PORT or PORT of /healthz and /readyz (default: 127.0.0.1:4569)'],
  'tls.certificate': ['<file>', 'PEM, with the chain; without it only HTTP is spoken'],
  'tls.key': ['<file>', 'PEM'],
  'tls.reload': [
    '<seconds>',
    'how often to look whether the two files have changed; SIGHUP looks at once (default: 60)',
  ],
  trustedProxies: [
    '<networks>',
    'addresses and networks (10.0.0.0/8) of proxies whose X-Forwarded-For and -Proto count (default: none)',
  ],
  region: [
    '<region>',
    "where this endpoint is: signatures for others are refused (default: all of AWS's regions)",
  ],
  regions: ['<regions>', 'further ones that signatures may be for, beside it and us-east-1'],
  'issuers.ca': [
    '<files>',
    'PEM of authorities that OIDC issuers are trusted by, beside the public ones',
  ],
  'issuers.allowLoopback': ['', 'ask OIDC issuers on this machine too'],
  'issuers.allowPrivateRedirects': [
    '',
    'let OIDC issuers refer to other hosts with private addresses',
  ],
  'outbound.url': [
    '<url>',
    'https://HOST[:PORT] where others find the issuers of GetWebIdentityToken (default: not served)',
  ],
  'outbound.listen': [
    '<address>',
    'HOST:PORT or PORT where they are served (default: 127.0.0.1:4567)',
  ],
  'audit.folder': ['<folder>', 'keep the records of CloudTrail in this folder, not in memory'],
  'audit.limit': ['<number>', 'how many of them (default: 50000)'],
  'log.level': ['<level>', 'debug, info, warn or error (default: info)'],
  drainDelay: ['<seconds>', 'go on serving for so long after SIGTERM, not ready (default: 0)'],
} as const satisfies Readonly<Record<string, readonly [argument: string, about: string]>>

export type ServeSetting = keyof typeof serveSettings

const variablePrefix = 'PODPASS_SERVE_'

/** `issuers.allowLoopback` → `--issuers-allow-loopback`. */
export function flagOf(setting: string): string {
  return `--${words(setting).join('-')}`
}

/** `issuers.allowLoopback` → `PODPASS_SERVE_ISSUERS_ALLOW_LOOPBACK`. */
export function variableOf(setting: string): string {
  return variablePrefix + words(setting).join('_').toUpperCase()
}

/** Resolves all settings. Throws a ConfigError for the first that is wrong or unknown. */
export function readServeConfig(sources: {
  readonly flags: Partial<Readonly<Record<ServeSetting, unknown>>>
  readonly environment: Environment
  /** A file's content, parsed, and its name. */
  readonly file?: { readonly name: string; readonly content: unknown }
}): ServeAwsConfig {
  const { flags, environment, file: given } = sources
  refuseUnknownVariables(environment)
  const merged = startingWith(given)
  const origin = new Map<string, string>()
  for (const setting of Object.keys(serveSettings) as ServeSetting[]) {
    const variable = variableOf(setting)
    // An empty variable is one that is not set.
    const value = flags[setting] ?? (environment[variable] || undefined)
    if (value === undefined) continue
    origin.set(setting, flags[setting] === undefined ? variable : flagOf(setting))
    put(merged, setting.split('.'), value)
  }
  const result = schema.safeParse(merged)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw problem(issue, origin, given?.name ?? '')
}

/** As it may be shown: without the password of the database. */
export function shownConfig(config: ServeAwsConfig): ServeAwsConfig {
  const url = new URL(config.store)
  if (url.password) url.password = '***'
  if (url.searchParams.has('password')) url.searchParams.set('password', '***')
  return { ...config, store: url.href }
}

function startingWith(
  given: { readonly name: string; readonly content: unknown } | undefined,
): Record<string, unknown> {
  const content = given?.content ?? {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`\`${given?.name}\` holds no settings`)
  }
  return structuredClone(content) as Record<string, unknown>
}

function put(into: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const inner = into[name]
  const next = typeof inner === 'object' && inner !== null ? inner : {}
  into[name] = next
  put(next as Record<string, unknown>, rest, value)
}

function refuseUnknownVariables(environment: Environment): void {
  const known = Object.keys(serveSettings).map(variableOf)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(variablePrefix) || known.includes(name)) continue
    const close = nearest(name, known)
    throw new ConfigError(`unknown setting \`${name}\` in the environment`, didYouMean(close))
  }
}

type Issue = z.core.$ZodIssue | undefined

function problem(issue: Issue, origin: ReadonlyMap<string, string>, fileName: string): ConfigError {
  // What is wrong with an item is wrong with its list.
  const path = (issue?.path ?? []).filter((part) => typeof part === 'string').join('.')
  if (issue?.code === 'unrecognized_keys') {
    const unknown = path === '' ? (issue.keys[0] ?? '') : `${path}.${issue.keys[0]}`
    const close = nearest(unknown, Object.keys(serveSettings))
    return new ConfigError(`unknown setting \`${unknown}\` in \`${fileName}\``, didYouMean(close))
  }
  const missing = issue?.code === 'invalid_type' && issue.input === undefined
  const from = origin.get(path)
  if (!from && (missing || fileName === '')) {
    return new ConfigError(`\`${path}\` ${issue?.message}`, [
      `give ${flagOf(path)}, or set ${variableOf(path)}`,
    ])
  }
  return new ConfigError(`${from ?? `\`${path}\` in \`${fileName}\``}: ${issue?.message}`)
}

function didYouMean(name: string | undefined): string[] {
  return name === undefined ? [] : [`did you mean \`${name}\`?`]
}

function words(setting: string): string[] {
  return setting
    .replaceAll('.', '-')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .split('-')
}
