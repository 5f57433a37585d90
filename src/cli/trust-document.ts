/** Trust policies as documents that are changed: a statement added, others taken away. Pure. */
import { podIdentityStatement } from './pod-identity.ts'

type Statement = Readonly<Record<string, unknown>>

/**
 * Lets EKS Pod Identity assume the role too; with `withoutProvider`, what trusts that OIDC provider goes. Undefined:
 * nothing has to change. Throws a SyntaxError for what is no policy.
 */
export function migratedTrust(text: string, withoutProvider?: string): string | undefined {
  const document = JSON.parse(text) as { readonly Statement?: Statement | readonly Statement[] }
  const before = list(document.Statement)
  const kept = before.filter((statement) => !withoutProvider || !trusts(statement, withoutProvider))
  const covered = kept.some(allowsPods)
  if (covered && kept.length === before.length) return undefined
  const after = covered ? kept : [...kept, podIdentityStatement]
  return JSON.stringify({ ...document, Statement: after })
}

/** An Allow for tokens of the provider and nobody else. */
function trusts({ Effect, Principal }: Statement, provider: string): boolean {
  if (Effect !== 'Allow' || typeof Principal !== 'object' || Principal === null) return false
  const { Federated, ...others } = Principal as Readonly<Record<string, unknown>>
  const federated = list(Federated)
  return (
    Object.keys(others).length === 0 &&
    federated.length > 0 &&
    federated.every((one) => one === provider)
  )
}

function allowsPods({ Effect, Principal, Action, Condition }: Statement): boolean {
  if (Effect !== 'Allow' || typeof Principal !== 'object' || Principal === null) return false
  const services = list((Principal as { Service?: unknown }).Service)
  const actions = list(Action).map((action) => String(action).toLowerCase())
  return (
    Condition === undefined &&
    services.includes(podIdentityStatement.Principal.Service) &&
    podIdentityStatement.Action.every((action) => actions.includes(action.toLowerCase()))
  )
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value as T]
}
