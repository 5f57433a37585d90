/** GetWebIdentityToken: a signed token that says who the caller is, for services outside AWS. */
import { randomUUID } from 'node:crypto'
import type {
  GetWebIdentityTokenRequest as Input,
  GetWebIdentityTokenResponse as Output,
} from '@aws-sdk/client-sts'
import { isoSeconds } from '../../../kernel/iso-time.ts'
import type { SignedCaller } from '../../caller.ts'
import type { PrincipalFacts } from '../../identities.ts'
import type { Call, ConditionContext, Need, Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { sessionTags } from '../session-request.ts'

const defaultSeconds = 300
/** AWS does not publish its own. */
const payloadCharsMax = 16_384

export const getWebIdentityToken: Operation<Input, Output, StsDeps> = {
  name: 'GetWebIdentityToken',
  access(input, call) {
    const resource = `arn:aws:sts::${call.account}:self`
    const tags = sessionTags(input.Tags)
    const context = conditionKeys(input, tags)
    const need = (action: string): Need => ({ action, resource, context })
    return [
      need('sts:GetWebIdentityToken'),
      ...(Object.keys(tags).length > 0 ? [need('sts:TagGetWebIdentityToken')] : []),
    ]
  },
  async handle(input, call, { identities, outbound }) {
    const { caller } = call
    const id = identities.outboundIssuer?.(call.account)
    if (caller.kind === 'anonymous' || !outbound || id === undefined) {
      throw refuse.OutboundWebIdentityFederationDisabledException()
    }
    refuseOriginIdentity(input)
    const issuedAt = Math.floor(call.at / 1000)
    const expiry = issuedAt + (input.DurationSeconds ?? defaultSeconds)
    const ends = sessionEnd(caller)
    if (ends !== undefined && expiry * 1000 > ends)
      throw refuse.SessionDurationEscalationException()
    const [first, ...others] = input.Audience ?? []
    const principal = principalArn(caller)
    const claims = {
      iss: outbound.urlOf(id),
      aud: others.length > 0 ? input.Audience : first,
      sub: principal,
      iat: issuedAt,
      exp: expiry,
      jti: randomUUID(),
      'https://sts.amazonaws.com/': {
        aws_account: call.account,
        source_region: call.region,
        principal_id: principal,
        ...sessionClaims(caller, call, identities.principal(caller)),
        ...named('request_tags', sessionTags(input.Tags)),
      },
    }
    if (JSON.stringify(claims).length > payloadCharsMax) {
      throw refuse.JWTPayloadSizeExceededException()
    }
    const algorithm = input.SigningAlgorithm === 'ES384' ? 'ES384' : 'RS256'
    return {
      WebIdentityToken: await outbound.sign(claims, algorithm),
      Expiration: new Date(expiry * 1000),
    }
  },
}

function conditionKeys(input: Input, tags: Readonly<Record<string, string>>): ConditionContext {
  const keys = Object.keys(tags)
  return {
    'sts:IdentityTokenAudience': input.Audience ?? [],
    'sts:SigningAlgorithm': input.SigningAlgorithm ?? '',
    'sts:DurationSeconds': String(input.DurationSeconds ?? defaultSeconds),
    'sts:SubjectMode': input.SubjectMode ?? 'AWSIdentity',
    ...Object.fromEntries(keys.map((key) => [`aws:RequestTag/${key}`, tags[key] ?? ''])),
    ...(keys.length > 0 ? { 'aws:TagKeys': keys } : {}),
  }
}

/** No session here carries the context of somebody else's identity, which both of these need. */
function refuseOriginIdentity(input: Input): void {
  if (input.SubjectMode === 'OriginIdentity') {
    throw refuse.ValidationError({
      text: 'The calling session does not have the trusted identity propagation context that SubjectMode OriginIdentity requires.',
    })
  }
  if (input.Scope !== undefined) {
    throw refuse.ValidationError({
      text: 'Scope can be specified only when SubjectMode is OriginIdentity.',
    })
  }
}

/** The IAM identity behind the caller: of a session its role. */
function principalArn(caller: SignedCaller): string {
  return caller.kind === 'session' ? caller.session.roleArn : caller.arn
}

/** Ms since the epoch; undefined of long-term keys. */
function sessionEnd(caller: SignedCaller): number | undefined {
  return caller.kind === 'session' ? caller.session.expiresAt : caller.temporary?.expiresAt
}

function sessionClaims(
  caller: SignedCaller,
  { account, region }: Call,
  principal: PrincipalFacts | undefined,
): Readonly<Record<string, unknown>> {
  const session = caller.kind === 'session' ? caller.session : caller.temporary
  const ends = sessionEnd(caller)
  const tags = named('principal_tags', { ...principal?.tags, ...session?.tags })
  if (caller.kind !== 'session') return { ...expiration(ends), ...tags }
  const { webIdentity, sourceIdentity, instanceId } = caller.session
  return {
    ...expiration(ends),
    ...tags,
    ...(webIdentity ? { federated_provider: webIdentity.providerArn } : {}),
    ...(sourceIdentity === undefined ? {} : { source_identity: sourceIdentity }),
    ...(instanceId === undefined
      ? {}
      : {
          ec2_source_instance_arn: `arn:aws:ec2:${region}:${account}:instance/${instanceId}`,
          ec2_role_delivery: '2.0',
        }),
  }
}

function expiration(ends: number | undefined): Readonly<Record<string, string>> {
  if (ends === undefined) return {}
  return { original_session_exp: isoSeconds(ends) }
}

function named(name: string, tags: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.keys(tags).length > 0 ? { [name]: tags } : {}
}
