/** Reads the signature of a request: the Authorization header, or the X-Amz-* parameters of a presigned URL. */

import { parseAmzDate } from './amz-date.ts'
import type { SignableRequest } from './canonical-request.ts'
import type { Scope } from './signing-key.ts'
import type { QueryParameter } from './uri.ts'

/** A signature as the client sent it; nothing of it is verified yet. */
export interface ClaimedSignature {
  readonly form: 'header' | 'query'
  readonly accessKeyId: string
  readonly scope: Scope
  readonly signedHeaders: readonly string[]
  /** 64 hex digits, lower case. */
  readonly signature: string
  /** `X-Amz-Date`, as sent. */
  readonly amzDate: string
  /** The same, ms since the epoch. */
  readonly signedAt: number
  /** Of presigned URLs: seconds. */
  readonly expiresSeconds?: number
  readonly sessionToken?: string
}

/** Why a signature cannot be read. `unsupported`: another algorithm than AWS4-HMAC-SHA256. */
export interface SignatureProblem {
  readonly problem: 'malformed' | 'unsupported'
  readonly form: 'header' | 'query'
  /** AWS's sentence, as IAM and STS say it. */
  readonly why: string
}

const algorithm = 'AWS4-HMAC-SHA256'
const daySeconds = 604_800

/** Undefined: the request bears no Signature V4 at all. */
export function claimedSignature(
  request: SignableRequest,
  query: readonly QueryParameter[],
): ClaimedSignature | SignatureProblem | undefined {
  const header = request.headers.get('authorization')
  const presigned = query.some((p) => p.name === 'X-Amz-Algorithm' || p.name === 'X-Amz-Signature')
  if (header !== undefined && presigned) {
    return malformed(
      'header',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    )
  }
  if (header !== undefined) return fromHeader(request, header)
  return presigned ? fromQuery(query) : undefined
}

function fromHeader(request: SignableRequest, header: string): ClaimedSignature | SignatureProblem {
  const space = header.indexOf(' ')
  const scheme = space < 0 ? header : header.slice(0, space)
  if (scheme !== algorithm) {
    return {
      problem: 'unsupported',
      form: 'header',
      why: `Unsupported Authorization Type: '${printable(scheme)}'`,
    }
  }
  const parts = new Map<string, string>()
  for (const part of header.slice(space + 1).split(',')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, equals).trim()
    if (equals < 0 || parts.has(name)) {
      return malformed(
        'header',
        `'${printable(part.trim())}' not a valid key=value pair (missing equal-sign or given twice) in Authorization header.`,
      )
    }
    parts.set(name, part.slice(equals + 1).trim())
  }
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !parts.get(name))
  const amzDate = request.headers.get('x-amz-date') ?? basicDate(request.headers.get('date'))
  const lacks = missing.map((name) => `Authorization header requires '${name}' parameter.`)
  if (!amzDate) {
    lacks.push(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    )
  }
  if (lacks.length > 0 || !amzDate) return malformed('header', lacks.join(' '))
  const token = request.headers.get('x-amz-security-token')
  return assemble('header', {
    credential: parts.get('Credential') ?? '',
    signedHeaders: parts.get('SignedHeaders') ?? '',
    signature: parts.get('Signature') ?? '',
    amzDate,
    ...(token === undefined ? {} : { token }),
  })
}

function fromQuery(query: readonly QueryParameter[]): ClaimedSignature | SignatureProblem {
  const given = new Map<string, string>()
  for (const { name, value } of query) {
    if (!name.startsWith('X-Amz-')) continue
    if (given.has(name))
      return malformed('query', `The query parameter ${printable(name)} was given twice.`)
    given.set(name, value)
  }
  const sent = given.get('X-Amz-Algorithm')
  if (sent !== undefined && sent !== algorithm) {
    return {
      problem: 'unsupported',
      form: 'query',
      why: 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
    }
  }
  const wanted = ['Algorithm', 'Credential', 'Signature', 'Date', 'SignedHeaders', 'Expires']
  const missing = wanted.filter((name) => given.get(`X-Amz-${name}`) === undefined)
  if (missing.length > 0) {
    return malformed(
      'query',
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  const expires = given.get('X-Amz-Expires') ?? ''
  if (!/^\d{1,9}$/.test(expires)) return malformed('query', 'X-Amz-Expires should be a number')
  const expiresSeconds = Number(expires)
  if (expiresSeconds > daySeconds) {
    return malformed(
      'query',
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  }
  const token = given.get('X-Amz-Security-Token')
  return assemble('query', {
    credential: given.get('X-Amz-Credential') ?? '',
    signedHeaders: given.get('X-Amz-SignedHeaders') ?? '',
    signature: given.get('X-Amz-Signature') ?? '',
    amzDate: given.get('X-Amz-Date') ?? '',
    expiresSeconds,
    ...(token === undefined ? {} : { token }),
  })
}

function assemble(
  form: 'header' | 'query',
  sent: {
    credential: string
    signedHeaders: string
    signature: string
    amzDate: string
    expiresSeconds?: number
    token?: string
  },
): ClaimedSignature | SignatureProblem {
  const credential = sent.credential.split('/')
  const [accessKeyId = '', date = '', region = '', service = '', terminator] = credential
  if (credential.length !== 5 || !/^[\w]{1,128}$/.test(accessKeyId)) {
    return malformed(
      form,
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${printable(sent.credential)}'`,
    )
  }
  if (terminator !== 'aws4_request') {
    return malformed(
      form,
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${printable(terminator ?? '')}'.`,
    )
  }
  if (
    !/^\d{8}$/.test(date) ||
    !/^[a-z0-9-]{1,64}$/.test(region) ||
    !/^[a-z0-9.-]{1,64}$/.test(service)
  ) {
    return malformed(
      form,
      `Credential should be scoped to a valid date, region and service, got '${printable(sent.credential)}'`,
    )
  }
  const signedAt = parseAmzDate(sent.amzDate)
  if (signedAt === undefined) {
    return malformed(
      form,
      `Date must be in ISO-8601 'basic format'. Got '${printable(sent.amzDate)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  }
  if (!sent.amzDate.startsWith(date)) {
    return malformed(
      form,
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${sent.amzDate.slice(0, 8)}', from '${sent.amzDate}'.`,
    )
  }
  const signedHeaders = sent.signedHeaders.split(';')
  if (new Set(signedHeaders).size !== signedHeaders.length || !signedHeaders.every(isHeaderName)) {
    return malformed(
      form,
      `SignedHeaders must be lower-case names, each once: '${printable(sent.signedHeaders)}'`,
    )
  }
  return {
    form,
    accessKeyId,
    scope: { date, region, service },
    signedHeaders,
    signature: sent.signature,
    amzDate: sent.amzDate,
    signedAt,
    ...(sent.expiresSeconds === undefined ? {} : { expiresSeconds: sent.expiresSeconds }),
    ...(sent.token === undefined ? {} : { sessionToken: sent.token }),
  }
}

/** A `Date` header in SigV4's own form; the HTTP form needs a calendar of names and no client of ours sends it. */
function basicDate(date: string | undefined): string | undefined {
  return date !== undefined && parseAmzDate(date) !== undefined ? date : undefined
}

function isHeaderName(name: string): boolean {
  return /^[a-z0-9!#$%&'*+.^_`|~:-]{1,256}$/.test(name)
}

function malformed(form: 'header' | 'query', why: string): SignatureProblem {
  return { problem: 'malformed', form, why }
}

/** What a client sent, made fit for an error text: printable ASCII, bounded. */
function printable(text: string): string {
  return text.slice(0, 128).replace(/[^\x20-\x7e]/g, '?')
}
