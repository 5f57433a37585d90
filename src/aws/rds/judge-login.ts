/** Decides a database login by token: the signature, then `rds-db:connect` by the same chain as every AWS request. */
import { randomUUID } from 'node:crypto'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Verdict } from '../../chain/verdict.ts'
import type { Evaluate } from '../../kernel/policy/decision.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { auditRecord } from '../gateway/audit-record.ts'
import type { Authenticator } from '../gateway/authenticate.ts'
import { Authoriser } from '../gateway/authorise.ts'
import type { Progress } from '../gateway/progress.ts'
import type { BoundOperation, Need } from '../operation.ts'
import type { DatabaseSpec } from './database-control.ts'
import { type TokenProblem, verifyLoginToken } from './login-token.ts'

export interface LoginJudgeDeps {
  readonly authenticator: Authenticator
  readonly evaluate: Evaluate
  readonly audit: AuditLog
}

export interface JudgedLogin {
  readonly token: string
  readonly user: string
  readonly sourceIp: string
  /** What the client calls itself; '' where it does not. */
  readonly application: string
}

const service = 'rds-db'
const action = `${service}:connect`
/** A login is no HTTP request; this is how its refusal counts among them. */
const refusedStatus = 403
const applicationCharsMax = 256

/**
 * Judges one login to a cluster and records it, as `connect` of `rds-db`, with what each link said. `hosts`: the
 * endpoints (`host:port`) for which the token may have been made.
 */
export function judgeLogin(
  login: JudgedLogin,
  database: Pick<DatabaseSpec, 'account' | 'region' | 'resourceId' | 'iamEnabled' | 'arn'>,
  hosts: readonly string[],
  { authenticator, evaluate, audit }: LoginJudgeDeps,
): { readonly allowed: boolean; readonly requestId: string } {
  const progress = newProgress(login, authenticator.now())
  const { requestId, request, at } = progress
  const resource = `arn:aws:rds-db:${database.region}:${database.account}:dbuser:${database.resourceId}/${login.user}`
  const record = (allowed: boolean): { allowed: boolean; requestId: string } => {
    const message = `PAM authentication failed for user "${login.user}"`
    const refusal = new Refusal(message, { code: '28000', status: refusedStatus })
    const outcome = allowed ? { status: 200 } : { status: refusedStatus, refusal }
    const { account, region } = database
    audit.record({
      ...auditRecord(progress, outcome, { account, region }),
      account,
      action,
      resource,
    })
    return { allowed, requestId }
  }
  if (!database.iamEnabled) {
    progress.noted.push(disabled(database.arn))
    return record(false)
  }
  const { region } = database
  const verified = verifyLoginToken(login.token, { hosts, region, user: login.user }, authenticator)
  if ('refused' in verified) {
    if (verified.accessKeyId !== undefined) progress.accessKeyId = verified.accessKeyId
    progress.noted.push(badToken(verified))
    return record(false)
  }
  const { caller } = verified
  progress.accessKeyId = caller.accessKeyId
  progress.authenticated = { caller, body: { kind: 'unsigned' }, region }
  const { identities } = authenticator
  const { sourceIp } = request
  const userAgent = request.headers.get('user-agent') ?? ''
  const authoriser = new Authoriser({
    caller,
    identities,
    request: { at, region, sourceIp, userAgent, secure: true },
    evaluate,
    quotesResource: false,
  })
  progress.authoriser = authoriser
  const need: Need = { action, resource, resourceAccount: database.account }
  const alive = authoriser.session().verdict !== 'refused'
  const allowed = alive && authoriser.decide(need).allowed
  const roleArn = caller.kind === 'session' ? { roleArn: caller.session.roleArn } : {}
  identities.used({ accessKeyId: caller.accessKeyId, ...roleArn, service, region, at })
  return record(allowed)
}

function newProgress({ user, sourceIp, application }: JudgedLogin, at: number): Progress {
  const userAgent = application.slice(0, applicationCharsMax)
  const operation: Pick<BoundOperation, 'name'> = { name: 'connect' }
  return {
    requestId: randomUUID(),
    at,
    wanted: service,
    noted: [],
    // Of the operation the record shows the name; there is nothing else to a login.
    operation: operation as BoundOperation,
    input: { DBUser: user },
    request: {
      method: 'GET',
      rawTarget: '/',
      rawPath: '/',
      rawQuery: '',
      headers: new Map([['user-agent', userAgent]]),
      secure: true,
      sourceIp,
    },
  }
}

function badToken({ refused, key, wanted, actual, fix }: TokenProblem): Verdict {
  const evidence = {
    key,
    ...(wanted !== undefined && { wanted }),
    ...(actual !== undefined && { actual }),
    source: 'the login token',
  }
  return { link: 'session', verdict: 'refused', summary: refused, evidence: [evidence], fix }
}

function disabled(arn: string): Verdict {
  const identifier = arn.slice(arn.lastIndexOf(':') + 1)
  return {
    link: 'resource',
    verdict: 'refused',
    summary: `IAM database authentication is off for the cluster \`${identifier}\``,
    evidence: [
      { key: 'IAMDatabaseAuthenticationEnabled', wanted: 'true', actual: 'false', source: arn },
    ],
    fix: `aws rds modify-db-cluster --db-cluster-identifier ${identifier} --enable-iam-database-authentication --apply-immediately`,
  }
}
