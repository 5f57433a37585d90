/** AssumeRoleWithWebIdentity: trades a pod's service account token for a session of the role that trusts it. */
import type {
  AssumeRoleWithWebIdentityRequest as Input,
  AssumeRoleWithWebIdentityResponse as Output,
} from '@aws-sdk/client-sts'
import type { PodSubject } from '../../../audit/audit-log.ts'
import { webIdentityUser } from '../../../audit/user-identity.ts'
import type { WebIdentityToken } from '../../../chain/links/token.ts'
import { webIdentityError } from '../../../chain/links/web-identity-fault.ts'
import { judgeWebIdentity, podOf, type WebIdentityJudgement } from '../../../chain/web-identity.ts'
import { assumedRoleArn } from '../../../kernel/arn.ts'
import { isoMillis } from '../../../kernel/iso-time.ts'
import { Refusal } from '../../../kernel/refusal.ts'
import { nextStage } from '../../../kernel/stage.ts'
import type { RoleFacts } from '../../identities.ts'
import type { Call, ConditionContext, Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import {
  packedPolicySize,
  roleAccount,
  sessionPolicies,
  sessionSeconds,
} from '../session-request.ts'
import { wireCredentials } from '../wire-credentials.ts'

export const assumeRoleWithWebIdentity: Operation<Input, Output, StsDeps> = {
  name: 'AssumeRoleWithWebIdentity',
  access: 'anyone', // the token is the credential
  async handle(input, call, deps) {
    const { RoleArn = '', RoleSessionName = '', WebIdentityToken = '' } = input
    const account = roleAccount(RoleArn)
    if (account === undefined) throw refuse.ValidationError({ text: 'Request ARN is invalid' })
    if (input.ProviderId !== undefined) {
      throw refuse.ValidationError({ text: 'ProviderId is only for OAuth 2.0 access tokens' })
    }
    const judgement = await judgeWebIdentity(
      {
        token: WebIdentityToken,
        roleArn: RoleArn,
        at: call.at,
        context: requestContext(call, RoleSessionName),
        clusterOf: deps.clusterOf,
      },
      {
        role: (arn) => deps.identities.role(arn),
        oidcProvider: (owner, issuer) => federatedProvider(deps, owner, issuer),
        keysOf: (request) => deps.verifier.keysOf(request),
        isOwnIssuer: deps.isOwnIssuer,
        evaluate: deps.evaluate,
        headers: deps.headers,
      },
    )
    const pod = judgement.token && podSubject(judgement.token, deps)
    call.note(judgement.links, pod, {
      account,
      ...verifiedUser(judgement),
      resources: [{ arn: RoleArn, type: 'AWS::IAM::Role' }],
    })
    if (judgement.kind === 'refused') {
      const { code, status, message } = webIdentityError(judgement.fault)
      throw new Refusal(message, { code, status, facts: { fault: judgement.fault.kind } })
    }
    return open(input, call, deps, judgement, pod)
  },
}

/** The tokens that STS signs itself are for services outside: AWS takes none of them back. */
function federatedProvider({ identities, outbound }: StsDeps, account: string, issuer: string) {
  return outbound && issuer.startsWith(outbound.urlOf(''))
    ? undefined
    : identities.oidcProvider(account, issuer)
}

type Trusted = Extract<WebIdentityJudgement<RoleFacts>, { kind: 'trusted' }>

/** Opens the session. The facts of the token are sealed into it, so that its later requests can be explained. */
async function open(
  input: Input,
  call: Call,
  { identities, sessions }: StsDeps,
  judgement: Trusted,
  pod: PodSubject | undefined,
): Promise<Output> {
  const { role, token, providerArn, audience, conditionKeys } = judgement
  const { tags, transitiveTagKeys, sourceIdentity } = token.session
  const sessionName = input.RoleSessionName ?? ''
  const seconds = sessionSeconds({
    requested: input.DurationSeconds,
    roleMax: role.maxSessionDuration,
    chained: false,
  })
  const policies = sessionPolicies(input, role.account, identities)
  const packed = packedPolicySize(policies, tags)
  const facts = {
    account: role.account,
    roleArn: role.arn,
    roleId: role.id,
    roleName: role.name,
    sessionName,
    issuedAt: call.at,
    expiresAt: call.at + seconds * 1000,
    ...policies,
    ...(Object.keys(tags).length > 0 ? { tags } : {}),
    ...(transitiveTagKeys.length > 0 ? { transitiveTagKeys } : {}),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    webIdentity: {
      providerArn,
      issuer: token.issuer,
      audience,
      subject: token.subject,
      conditionKeys,
    },
    ...(pod ? { pod } : {}),
  }
  await nextStage
  const credentials = sessions.issue(facts)
  identities.used({ roleArn: role.arn, service: 'sts', region: call.region, at: call.at })
  const output = {
    SubjectFromWebIdentityToken: token.subject,
    Audience: audience,
    AssumedRoleUser: {
      Arn: assumedRoleArn(role.account, role.name, sessionName),
      AssumedRoleId: `${role.id}:${sessionName}`,
    },
    Provider: providerArn,
    ...(packed === undefined ? {} : { PackedPolicySize: packed }),
    ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
  }
  call.note([], pod, {
    userIdentity: webIdentityUser({ providerArn, audience, subject: token.subject }),
    responseElements: {
      credentials: {
        accessKeyId: credentials.accessKeyId,
        expiration: isoMillis(credentials.expiration),
      },
      assumedRoleUser: {
        arn: output.AssumedRoleUser.Arn,
        assumedRoleId: output.AssumedRoleUser.AssumedRoleId,
      },
      subjectFromWebIdentityToken: token.subject,
      audience,
      provider: providerArn,
    },
  })
  return { ...output, Credentials: wireCredentials(credentials) }
}

/** What a trust policy may ask about the request itself; the caller is nobody yet. */
function requestContext(call: Call, sessionName: string): ConditionContext {
  return {
    'aws:CurrentTime': isoMillis(call.at),
    'aws:EpochTime': String(Math.floor(call.at / 1000)),
    'aws:SourceIp': call.sourceIp,
    'aws:SecureTransport': String(call.secure),
    'aws:RequestedRegion': call.region,
    ...(call.userAgent === '' ? {} : { 'aws:UserAgent': call.userAgent }),
    'sts:RoleSessionName': sessionName,
  }
}

/** Once its signature is verified, the token says whose attempt it was, also where the attempt is refused. */
function verifiedUser({ links, token }: WebIdentityJudgement<RoleFacts>) {
  const verified = links.some(({ link, verdict }) => link === 'token' && verdict === 'passed')
  if (!token || !verified) return {}
  const { issuer, audiences, subject } = token
  const audience = audiences.join(',')
  return { userIdentity: webIdentityUser({ providerArn: issuer, audience, subject }) }
}

function podSubject(token: WebIdentityToken, { clusterOf }: StsDeps): PodSubject | undefined {
  const pod = podOf(token)
  const cluster = clusterOf?.(token.issuer) ?? token.issuer.replace(/^https:\/\//, '')
  return pod && { cluster, ...pod }
}
