/** The one error that a client may see: a typed "no" with the protocol's own code, status and text. */

/** What a refusal carries beside its message. `facts` go to log and audit only, never to the client. */
export interface RefusalDetails {
  readonly code: string
  /** HTTP status. */
  readonly status: number
  /** Further members of the error body, in order (S3's BucketName, Kubernetes' details). */
  readonly members?: Readonly<Record<string, unknown>>
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>
  readonly facts?: Readonly<Record<string, unknown>>
}

/** Thrown where a request is refused; caught once, at the door, which writes it in the caller's protocol. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly facts: Readonly<Record<string, unknown>>

  constructor(message: string, details: RefusalDetails) {
    super(message)
    this.name = 'Refusal'
    this.code = details.code
    this.status = details.status
    this.members = details.members ?? {}
    this.headers = details.headers ?? {}
    this.facts = details.facts ?? {}
  }
}

/** A row of an error table: status and the default text, in which `{name}` is filled from the call's values. */
export type ErrorRow = readonly [status: number, message: string]

/** Makes one refusal of a table: values fill the text's `{name}`s; `message` replaces the text; the rest is details. */
export type Refuse = (
  values?: Readonly<Record<string, string | number>>,
  more?: { message?: string } & Partial<RefusalDetails>,
) => Refusal

/** Turns a table `{Code: [status, text]}` into one maker of refusals per code. */
export function errors<Code extends string>(
  table: Readonly<Record<Code, ErrorRow>>,
): Record<Code, Refuse> {
  const makers = {} as Record<Code, Refuse>
  for (const code of Object.keys(table) as Code[]) {
    const [status, text] = table[code]
    makers[code] = (values = {}, { message, ...more } = {}) =>
      new Refusal(message ?? fill(text, values), { code, status, ...more })
  }
  return makers
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
