/** IAM principals as EKS knows them. */
import { parseArn } from '../../kernel/arn.ts'
import type { SignedCaller } from '../caller.ts'

/** The IAM ARN behind a caller: of a session its role's, path included. */
export function principalOf(caller: SignedCaller): string {
  return caller.kind === 'session' ? caller.session.roleArn : caller.arn
}

/** What a caller's ARN says: which IAM entity, and under which session name. */
export interface Identity {
  readonly account: string
  readonly kind: 'role' | 'user' | 'root' | 'federated-user'
  /** The entity's last name; '' of root. */
  readonly name: string
  /** As aws-iam-authenticator has it: `arn:aws:iam::<account>:role/<name>` without path; of users with their path. */
  readonly canonicalArn: string
  readonly sessionName: string
}

/** Takes the ARN of GetCallerIdentity apart; undefined where it is no principal's. */
export function identityOf(callerArn: string): Identity | undefined {
  const arn = parseArn(callerArn)
  if (!arn) return undefined
  const { account, resource } = arn
  const parts = resource.split('/')
  const canonical = (rest: string): string => `arn:${arn.partition}:iam::${account}:${rest}`
  if (arn.service === 'sts' && parts[0] === 'assumed-role' && parts.length >= 3) {
    const name = parts.at(-2) ?? ''
    const sessionName = parts.at(-1) ?? ''
    return { account, kind: 'role', name, canonicalArn: canonical(`role/${name}`), sessionName }
  }
  if (arn.service === 'sts' && parts[0] === 'federated-user') {
    const name = parts[1] ?? ''
    return { account, kind: 'federated-user', name, canonicalArn: callerArn, sessionName: '' }
  }
  if (arn.service !== 'iam') return undefined
  if (resource === 'root') {
    return { account, kind: 'root', name: '', canonicalArn: callerArn, sessionName: '' }
  }
  const kind = parts[0]
  const name = parts.at(-1) ?? ''
  if (kind === 'user') {
    return { account, kind, name, canonicalArn: callerArn, sessionName: '' }
  }
  if (kind !== 'role') return undefined
  return { account, kind, name, canonicalArn: canonical(`role/${name}`), sessionName: '' }
}

/** True where an access entry's principal is this identity: a role's path is not part of a session's ARN, its name is unique. */
export function isPrincipal(identity: Identity, principalArn: string): boolean {
  const other = identityOf(principalArn)
  if (other?.account !== identity.account || other.kind !== identity.kind) return false
  return identity.kind === 'role'
    ? other.name === identity.name
    : other.canonicalArn === identity.canonicalArn
}
