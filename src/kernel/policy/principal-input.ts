/** Callers from their ARNs, for whoever asks the evaluator without having authenticated anybody. */
import { parseArn } from '../arn.ts'
import type { PrincipalInput } from './decision.ts'

/**
 * Who an ARN or a service's name stands for. A role stands for a session of it; ids that no ARN tells are `ids`.
 * Undefined where the text names nobody.
 */
export function principalOf(
  text: string,
  ids: { readonly userId?: string; readonly roleId?: string; readonly roleArn?: string } = {},
): PrincipalInput | undefined {
  if (text === '*' || text === 'anonymous') return { kind: 'anonymous' }
  const arn = parseArn(text)
  if (!arn) return service.test(text) ? { kind: 'service', service: text } : otherProvider(text)
  const { partition, account, resource } = arn
  const [type = '', ...names] = resource.split('/')
  const name = names.at(-1) ?? ''
  switch (`${arn.service}:${type}`) {
    case 'iam:root':
      return { kind: 'root', account, arn: text }
    case 'iam:user':
      return { kind: 'user', account, arn: text, id: ids.userId ?? '' }
    case 'iam:oidc-provider':
    case 'iam:saml-provider':
      return { kind: 'federated', provider: text }
    case 'iam:role': {
      const session = `arn:${partition}:sts::${account}:assumed-role/${name}/session`
      return { kind: 'session', account, arn: session, roleArn: text, roleId: ids.roleId ?? '' }
    }
    case 'sts:assumed-role': {
      // The session's ARN does not tell the role's path.
      const roleArn = ids.roleArn ?? `arn:${partition}:iam::${account}:role/${names[0] ?? ''}`
      return { kind: 'session', account, arn: text, roleArn, roleId: ids.roleId ?? '' }
    }
    default:
      return undefined
  }
}

const service = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/

/** OAuth 2.0 providers, which have no ARN. */
const providers = new Set([
  'accounts.google.com',
  'www.amazon.com',
  'graph.facebook.com',
  'cognito-identity.amazonaws.com',
])

function otherProvider(text: string): PrincipalInput | undefined {
  return providers.has(text) ? { kind: 'federated', provider: text } : undefined
}
