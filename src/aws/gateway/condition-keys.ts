/** The global condition keys of a request: what every policy may ask about caller, time, network and region. */
import { isoMillis } from '../../kernel/iso-time.ts'
import type { Caller, SessionFacts, TemporaryFacts } from '../caller.ts'
import type { PrincipalFacts } from '../identities.ts'

type Context = Record<string, string | readonly string[]>

/** Facts of the request itself. `at`: ms since the epoch. */
export interface RequestFacts {
  readonly at: number
  readonly region: string
  readonly sourceIp: string
  readonly userAgent: string
  readonly secure: boolean
}

/** Keys that are unknown are left out, never empty. `principal`: the caller's IAM entity, where it still exists. */
export function globalConditionKeys(
  caller: Caller,
  principal: PrincipalFacts | undefined,
  request: RequestFacts,
): Context {
  const context: Context = {
    'aws:CurrentTime': isoMillis(request.at),
    'aws:EpochTime': String(Math.floor(request.at / 1000)),
    'aws:SourceIp': request.sourceIp,
    'aws:SecureTransport': String(request.secure),
    'aws:RequestedRegion': request.region,
    'aws:ViaAWSService': 'false',
    'aws:PrincipalIsAWSService': 'false',
  }
  if (request.userAgent !== '') context['aws:UserAgent'] = request.userAgent
  if (caller.kind === 'anonymous') {
    context['aws:PrincipalType'] = 'Anonymous'
    context['aws:userid'] = 'anonymous'
    return context
  }
  context['aws:PrincipalAccount'] = caller.account
  context['aws:PrincipalArn'] = caller.arn
  for (const [key, value] of Object.entries(principal?.tags ?? {})) {
    context[`aws:PrincipalTag/${key}`] = value
  }
  if (caller.kind === 'session') {
    context['aws:PrincipalType'] = 'AssumedRole'
    context['aws:userid'] = caller.userId
    context['aws:PrincipalArn'] = caller.session.roleArn
    addSession(context, caller.session, request.at)
    return context
  }
  addOwner(context, caller)
  if (caller.temporary) addTemporary(context, caller.temporary, request.at)
  return context
}

/** Whose keys these are. A federated user is nobody's name, although a user's policies bind him. */
function addOwner(context: Context, caller: Extract<Caller, { kind: 'root' | 'user' }>): void {
  const federated = caller.temporary?.federatedName
  if (federated !== undefined) {
    context['aws:PrincipalType'] = 'FederatedUser'
    context['aws:userid'] = `${caller.account}:${federated}`
  } else if (caller.kind === 'root') {
    context['aws:PrincipalType'] = 'Account'
    context['aws:userid'] = caller.account
  } else {
    context['aws:PrincipalType'] = 'User'
    context['aws:userid'] = caller.userId
    context['aws:username'] = caller.userName
  }
}

function addSession(context: Context, session: SessionFacts, at: number): void {
  addTemporary(context, session, at)
  if (session.sourceIdentity !== undefined) context['aws:SourceIdentity'] = session.sourceIdentity
  const { account, instanceId, instanceRegion, roleDelivery } = session
  if (roleDelivery !== undefined) context['ec2:RoleDelivery'] = roleDelivery
  if (instanceId !== undefined && instanceRegion !== undefined) {
    const arn = `arn:aws:ec2:${instanceRegion}:${account}:instance/${instanceId}`
    context['ec2:SourceInstanceARN'] = arn
  }
  if (!session.webIdentity) return
  context['aws:FederatedProvider'] = session.webIdentity.providerArn
  Object.assign(context, session.webIdentity.conditionKeys)
}

function addTemporary(context: Context, facts: SessionFacts | TemporaryFacts, at: number): void {
  context['aws:TokenIssueTime'] = isoMillis(facts.issuedAt)
  context['aws:MultiFactorAuthPresent'] = String(facts.mfaAt !== undefined)
  if (facts.mfaAt !== undefined) {
    context['aws:MultiFactorAuthAge'] = String(Math.floor((at - facts.mfaAt) / 1000))
  }
  // A session's tags override those of its role.
  for (const [key, value] of Object.entries(facts.tags ?? {})) {
    const name = `aws:PrincipalTag/${key}`
    const same = Object.keys(context).find((k) => k.toLowerCase() === name.toLowerCase())
    context[same ?? name] = value
  }
}
