/** What the control socket can change in a lab: its accounts, and the signing keys of its clusters' issuers. */
import { newAccountId } from '../aws/iam/accounts.ts'
import type { Iam } from '../aws/iam/iam.ts'
import type { RotatingIssuer } from '../oidc/issuer.ts'

/** The parts of a lab that are administered. */
export interface Administered {
  readonly iam: Pick<Iam, 'accounts' | 'createAccount'>
  /** The issuers of the clusters of this name: names repeat in other regions and accounts. */
  issuersOf(clusterName: string): readonly RotatingIssuer[]
  /** Makes STS fetch an issuer's keys anew. */
  forgetIssuer(url: string): void
}

/** Status as of HTTP; a body with `message` says what is wrong. */
export interface ControlAnswer {
  readonly status: number
  readonly body: unknown
}

/** Answers `POST /accounts` and `POST /issuer`; undefined: no such route. */
export async function administer(
  lab: Administered,
  route: string,
  text: string,
): Promise<ControlAnswer | undefined> {
  if (route !== 'POST /accounts' && route !== 'POST /issuer') return undefined
  const request = readRequest(text)
  if (!request) return { status: 400, body: { message: 'the request is not JSON of strings' } }
  return route === 'POST /accounts' ? createAccount(lab, request) : changeIssuer(lab, request)
}

type Request = Readonly<Record<string, string | undefined>>

function readRequest(text: string): Request | undefined {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
    return Object.values(body).every((value) => typeof value === 'string')
      ? (body as Request)
      : undefined
  } catch {
    return undefined
  }
}

async function createAccount({ iam }: Administered, request: Request): Promise<ControlAnswer> {
  const { id = newAccountId(), name } = request
  if (!/^\d{12}$/.test(id)) return refused(400, `\`${id}\` is no account id: it has 12 digits`)
  if (name !== undefined && !/^[\w .@+-]{1,50}$/.test(name)) {
    return refused(400, `\`${name}\` is no name of an account: up to 50 letters, digits and .@+-_`)
  }
  const { created, ...keys } = iam.accounts().some((account) => account.id === id)
    ? { created: false }
    : await iam.createAccount({ id, ...(name !== undefined && { name }) })
  return created ? { status: 201, body: keys } : refused(409, `account \`${id}\` is there already`)
}

async function changeIssuer(lab: Administered, request: Request): Promise<ControlAnswer> {
  const { cluster = '', action, kid = '' } = request
  const [issuer, another] = lab.issuersOf(cluster)
  if (!issuer) return refused(404, `no cluster \`${cluster}\` runs`)
  if (another) return refused(409, `more than one cluster is named \`${cluster}\``)
  try {
    if (action === 'rotate') await issuer.rotate()
    if (action === 'retire') {
      await issuer.retire(kid)
      lab.forgetIssuer(issuer.url)
    }
  } catch (error) {
    return refused(409, error instanceof Error ? error.message : String(error))
  }
  return { status: 200, body: { issuer: issuer.url, keys: issuer.keys() } }
}

function refused(status: number, message: string): ControlAnswer {
  return { status, body: { message } }
}
